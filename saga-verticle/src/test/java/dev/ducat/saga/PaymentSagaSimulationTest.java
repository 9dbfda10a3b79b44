package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Thousands of payments through a world that loses, delays and lies, with crashes between any two
 * steps. After each decision an auditor looks at the rows, after each end at what the world says
 * really happened.
 */
final class PaymentSagaSimulationTest {
  private static final int SEEDS = 12_000;
  private static final int STEPS_MAX = 3_000;
  private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

  private static final RetryTerms RETRY =
      new RetryTerms(
          new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5)),
          3,
          new Backoff(Duration.ofMillis(250), Duration.ofMinutes(10)),
          Duration.ofHours(24),
          new Backoff(Duration.ofMillis(200), Duration.ofMinutes(30)),
          Duration.ofHours(24),
          Duration.ofMillis(200));

  private final SagaSettings settings =
      SagaSettings.defaults(Path.of("unused")).withRetry(RETRY).withFees(new Fee(100, 5), Map.of());

  /** From a state to those that may follow it in one event. */
  private static final Map<PaymentState, Set<PaymentState>> LEGAL =
      Map.of(
          PaymentState.PAYMENT_STATE_PENDING,
          Set.of(
              PaymentState.PAYMENT_STATE_REQUIRES_ACTION,
              PaymentState.PAYMENT_STATE_AUTHORIZED,
              PaymentState.PAYMENT_STATE_FAILED,
              PaymentState.PAYMENT_STATE_NEEDS_ATTENTION),
          PaymentState.PAYMENT_STATE_REQUIRES_ACTION,
          Set.of(
              PaymentState.PAYMENT_STATE_REQUIRES_ACTION,
              PaymentState.PAYMENT_STATE_AUTHORIZED,
              PaymentState.PAYMENT_STATE_FAILED,
              PaymentState.PAYMENT_STATE_NEEDS_ATTENTION),
          PaymentState.PAYMENT_STATE_AUTHORIZED,
          Set.of(
              PaymentState.PAYMENT_STATE_AUTHORIZED,
              PaymentState.PAYMENT_STATE_CAPTURED,
              PaymentState.PAYMENT_STATE_FAILED,
              PaymentState.PAYMENT_STATE_NEEDS_ATTENTION),
          PaymentState.PAYMENT_STATE_CAPTURED,
          Set.of(PaymentState.PAYMENT_STATE_SETTLED, PaymentState.PAYMENT_STATE_NEEDS_ATTENTION),
          PaymentState.PAYMENT_STATE_SETTLED,
          Set.of(PaymentState.PAYMENT_STATE_SETTLED));

  @Test
  void everyPaymentEndsAsTheWorldSays() {
    Set<PaymentSaga.Row> taken = new HashSet<>();
    Map<Phase, Integer> ends = new java.util.EnumMap<>(Phase.class);
    for (int seed = 0; seed < SEEDS; seed++) {
      Phase end = new Run(seed, taken).play();
      ends.merge(end, 1, Integer::sum);
    }
    // The world was hard, but not hopeless.
    assertThat(ends.get(Phase.ENDED)).isGreaterThan(SEEDS / 3);
    assertThat(ends.get(Phase.UNDONE)).isGreaterThan(SEEDS / 10);
    assertThat(ends.get(Phase.PARKED)).isLessThan(SEEDS / 3);
    assertThat(PaymentSaga.TABLE).allSatisfy(row -> assertThat(taken).contains(row));
  }

  /** One payment, replayable by its seed. */
  private final class Run {
    private final int seed;
    private final Random random;
    private final PaymentSaga sagas;
    private final SimulatedWorld world;
    private Instant now = START;
    private Saga saga;
    private Standing standing;

    Run(int seed, Set<PaymentSaga.Row> taken) {
      this.seed = seed;
      this.random = new Random(seed);
      this.sagas = new PaymentSaga(settings, taken::add);
      this.world = new SimulatedWorld(random, ConnectorTerms.simulator());
      String currency = random.nextInt(50) == 0 ? "XXX" : "EUR";
      var request = Requests.payment("k" + seed, "sim_ok", 1 + random.nextInt(10_000)).toBuilder();
      request.getAmountBuilder().setCurrencyCode(currency);
      Decision first = sagas.start(claim(), request.build(), now, random);
      audit(0, first);
      saga = first.saga();
      standing = first.standing();
    }

    private Claim claim() {
      UUID payment = new UUID(random.nextLong(), random.nextLong());
      return new Claim(
          new UUID(random.nextLong(), random.nextLong()),
          SagaKind.PAYMENT,
          PaymentSaga.DEFINITION_VERSION,
          "t1",
          0,
          new PaymentId(payment),
          "k" + seed,
          now.plus(Duration.ofDays(3)),
          ByteString.EMPTY,
          ByteString.EMPTY,
          "",
          now);
    }

    Phase play() {
      for (int step = 0; step < STEPS_MAX; step++) {
        if (saga.phase().isOver() || saga.phase() == Phase.PARKED) {
          settleWorld();
          checkEnd();
          return saga.phase();
        }
        disturb();
        act();
      }
      throw new AssertionError("seed " + seed + " never ends: " + saga);
    }

    private void disturb() {
      int luck = random.nextInt(1_000);
      if (luck < 60) {
        // The owner dies: what it sent may still be on its way, its successor reads the table.
        saga = sagas.resume(saga, now);
      } else if (luck < 66) {
        world.cutPspOff(now.plus(Duration.ofHours(random.nextInt(60))));
      }
    }

    private void act() {
      Instant next = saga.nextAttemptAt();
      if (next != null && next.isAfter(now)) {
        now = next;
      }
      now = now.plusMillis(random.nextInt(200));
      world.pass(now);
      Outcome outcome = world.act(saga.data().getIntent(), saga.phase(), now);
      if (random.nextInt(40) == 0) {
        // It happened, but whoever knew is gone.
        saga = sagas.resume(saga, now);
        return;
      }
      if (outcome instanceof Outcome.Unknown) {
        // Not knowing takes as long as the deadline.
        now = now.plus(ConnectorTerms.simulator().deadline());
        world.pass(now);
      }
      Decision decision = sagas.decide(saga, standing, outcome, now, random);
      audit(standing.payment().getVersion(), decision);
      assertThat(decision.saga().version()).isEqualTo(saga.version() + 1);
      saga = decision.saga();
      standing = decision.standing();
    }

    private void settleWorld() {
      now = now.plus(Duration.ofDays(1));
      world.pass(now);
    }

    private void audit(long versionBefore, Decision decision) {
      long version = versionBefore;
      Payment before = standing == null ? null : standing.payment();
      for (Decision.Event event : decision.events()) {
        Payment after = event.after();
        assertThat(after.getVersion()).as("seed %d", seed).isEqualTo(++version);
        if (before != null && before.getVersion() > 0) {
          assertThat(LEGAL.getOrDefault(before.getState(), Set.of()))
              .as("seed %d: after %s", seed, before.getState())
              .contains(after.getState());
        }
        before = after;
      }
      // The last event's snapshot is the row.
      if (!decision.events().isEmpty()) {
        assertThat(decision.standing().payment()).isEqualTo(decision.events().getLast().after());
      }
      assertThat(decision.saga().phase().isOver())
          .isEqualTo(Standing.isTerminal(decision.standing().payment().getState()));
    }

    private void checkEnd() {
      assertThat(world.effects().values()).as("seed %d: effects", seed).allMatch(n -> n == 1);
      switch (standing.payment().getState()) {
        case PAYMENT_STATE_SETTLED -> {
          assertThat(world.isCharged()).as("seed %d: charged", seed).isTrue();
          assertThat(world.isPosted()).as("seed %d: posted", seed).isTrue();
          assertThat(world.settlements()).as("seed %d: settled", seed).isGreaterThan(0);
        }
        case PAYMENT_STATE_FAILED -> {
          assertThat(world.isCharged()).as("seed %d: charged", seed).isFalse();
          assertThat(world.isReserved()).as("seed %d: reserved", seed).isFalse();
          assertThat(world.isHeldOnLedger()).as("seed %d: held", seed).isFalse();
          assertThat(standing.payment().getFailure().getCode()).isNotEmpty();
        }
        case PAYMENT_STATE_NEEDS_ATTENTION ->
            assertThat(saga.phase()).as("seed %d", seed).isEqualTo(Phase.PARKED);
        default -> throw new AssertionError("seed " + seed + " ended as " + standing);
      }
    }
  }

  @Test
  void aRestartChangesNothingThatWasDecided() {
    Random random = new Random(1);
    PaymentSaga sagas = new PaymentSaga(settings);
    Claim claim = new Run(1, new HashSet<>()).saga.claim();
    Decision decision = sagas.start(claim, Requests.payment("k", "sim_ok", 100), START, random);
    Saga resumed = sagas.resume(decision.saga(), START.plusSeconds(60));
    assertThat(resumed.phase()).isEqualTo(Phase.ASK);
    assertThat(resumed.version()).isEqualTo(decision.saga().version());
    assertThat(resumed.data().getIntent()).isEqualTo(decision.saga().data().getIntent());
    assertThat(List.of(resumed.data().getCompensationsList()))
        .isEqualTo(List.of(decision.saga().data().getCompensationsList()));
  }
}
