package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.SettlementMode;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.OperatorCommand;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.type.v1.Money;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Thousands of payments through a world that loses, delays and lies, with crashes between any two
 * steps. After each decision an auditor looks at the rows, after each end at what the world says
 * really happened.
 */
final class PaymentSagaSimulationTest {
  private static final int SEEDS = 61_000;

  /** From this seed on there is a risk service. */
  private static final int RISKY = 60_000;

  private static final int STEPS_MAX = 3_000;

  /** Refunds that fail leave room for others, without end. */
  private static final int OPERATIONS_MAX = 200;

  /** A PSP that is away nearly always decides nothing that is pending there. */
  private static final int CUTS_MAX = 16;

  private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

  private static final RetryTerms RETRY =
      new RetryTerms(
          new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5)),
          3,
          new Backoff(Duration.ofMillis(250), Duration.ofMinutes(10)),
          new Backoff(Duration.ofMillis(200), Duration.ofMinutes(30)),
          Duration.ofHours(24),
          Duration.ofMillis(200));

  private static final Duration ACTION_TIMEOUT = Duration.ofSeconds(2);

  private final SagaSettings settings =
      SagaSettings.defaults(Path.of("unused")).withRetry(RETRY).withFees(new Fee(100, 5), Map.of());

  /**
   * Of three payments one waits for reports of its settlement; of five, one has a PSP whose voids
   * keep no late authorize away.
   */
  private static ConnectorTerms terms(int seed) {
    ConnectorTerms terms = ConnectorTerms.simulator();
    return new ConnectorTerms(
        terms.deadline(),
        terms.quarantine(),
        terms.idempotencyWindow(),
        terms.windowMargin(),
        terms.authorizationLifetime(),
        seed % 3 == 0
            ? SettlementMode.SETTLEMENT_MODE_REPORTED
            : SettlementMode.SETTLEMENT_MODE_IMMEDIATE,
        terms.unknownMax(),
        ACTION_TIMEOUT,
        seed % 5 != 0,
        null);
  }

  /** From a state to those that may follow it in one event. */
  private static final Map<PaymentState, Set<PaymentState>> LEGAL =
      Map.of(
          PaymentState.PAYMENT_STATE_PENDING,
          Set.of(
              PaymentState.PAYMENT_STATE_REQUIRES_ACTION,
              PaymentState.PAYMENT_STATE_AUTHORIZED,
              PaymentState.PAYMENT_STATE_PENDING,
              PaymentState.PAYMENT_STATE_CANCELED,
              PaymentState.PAYMENT_STATE_EXPIRED,
              PaymentState.PAYMENT_STATE_FAILED,
              PaymentState.PAYMENT_STATE_NEEDS_ATTENTION),
          PaymentState.PAYMENT_STATE_REQUIRES_ACTION,
          Set.of(
              PaymentState.PAYMENT_STATE_REQUIRES_ACTION,
              PaymentState.PAYMENT_STATE_AUTHORIZED,
              PaymentState.PAYMENT_STATE_CANCELED,
              PaymentState.PAYMENT_STATE_EXPIRED,
              PaymentState.PAYMENT_STATE_FAILED,
              PaymentState.PAYMENT_STATE_NEEDS_ATTENTION),
          PaymentState.PAYMENT_STATE_AUTHORIZED,
          Set.of(
              PaymentState.PAYMENT_STATE_AUTHORIZED,
              PaymentState.PAYMENT_STATE_CAPTURED,
              PaymentState.PAYMENT_STATE_CANCELED,
              PaymentState.PAYMENT_STATE_EXPIRED,
              PaymentState.PAYMENT_STATE_FAILED,
              PaymentState.PAYMENT_STATE_NEEDS_ATTENTION),
          PaymentState.PAYMENT_STATE_CAPTURED,
          Set.of(
              PaymentState.PAYMENT_STATE_CAPTURED,
              PaymentState.PAYMENT_STATE_SETTLED,
              PaymentState.PAYMENT_STATE_NEEDS_ATTENTION),
          PaymentState.PAYMENT_STATE_SETTLED,
          Set.of(PaymentState.PAYMENT_STATE_SETTLED),
          // Nothing leads out of it but a person's decision.
          PaymentState.PAYMENT_STATE_NEEDS_ATTENTION,
          Set.of(
              PaymentState.PAYMENT_STATE_PENDING,
              PaymentState.PAYMENT_STATE_AUTHORIZED,
              PaymentState.PAYMENT_STATE_CAPTURED));

  private static VelocityCount unlimited() {
    return new VelocityCount(Limits.NONE, Map.of());
  }

  @Test
  void everyPaymentEndsAsTheWorldSays() {
    Set<PaymentSaga.Row> taken = new HashSet<>();
    Map<PaymentState, Integer> ends = new EnumMap<>(PaymentState.class);
    for (int seed = 0; seed < SEEDS; seed++) {
      PaymentState end = new Run(seed, taken).play();
      ends.merge(end, 1, Integer::sum);
    }
    // The world was hard, but not hopeless.
    assertThat(ends.get(PaymentState.PAYMENT_STATE_SETTLED)).isGreaterThan(SEEDS / 4);
    assertThat(ends.get(PaymentState.PAYMENT_STATE_FAILED)).isGreaterThan(SEEDS / 10);
    assertThat(ends.get(PaymentState.PAYMENT_STATE_CANCELED)).isGreaterThan(SEEDS / 50);
    assertThat(ends.get(PaymentState.PAYMENT_STATE_EXPIRED)).isGreaterThan(SEEDS / 50);
    assertThat(ends.get(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION)).isLessThan(SEEDS / 3);
    assertThat(PaymentSaga.TABLE.stream().filter(row -> !taken.contains(row)))
        .as("rows that nothing took")
        .isEmpty();
  }

  /** One payment with the operations on it, replayable by its seed. */
  private final class Run {
    private final int seed;
    private final Random random;
    private final PaymentSaga sagas;
    private final SimulatedWorld world;
    private final Map<UUID, Saga> all = new LinkedHashMap<>();
    private final Claim first;
    private Instant now = START;
    private @Nullable Standing standing;
    private int operations;
    private int step;
    private int cuts;
    private final Set<String> settlements = new HashSet<>();
    private final Operators operators;
    private boolean settledByHand;

    Run(int seed, Set<PaymentSaga.Row> taken) {
      this.seed = seed;
      this.random = new Random(seed);
      // It now says yes and now says no by its silence.
      RiskTerms risk =
          seed >= RISKY
              ? new RiskTerms("unused", 1, Duration.ofMillis(500), seed % 2 == 0, 1)
              : null;
      this.sagas =
          new PaymentSaga(
              settings.withConnectors(Map.of("simulator", terms(seed)), "simulator").withRisk(risk),
              PaymentSaga.DEFINITIONS,
              taken::add);
      this.world = new SimulatedWorld(random, terms(seed));
      String currency = random.nextInt(50) == 0 ? "XXX" : "EUR";
      var request = Requests.payment("k" + seed, "sim_ok", 1 + random.nextInt(10_000)).toBuilder();
      request.getAmountBuilder().setCurrencyCode(currency);
      if (random.nextInt(5) > 1) {
        request.setCaptureMode(CaptureMode.CAPTURE_MODE_MANUAL);
      }
      first = claim(SagaKind.PAYMENT, new PaymentId(uuid()), "k" + seed);
      this.operators = new Operators(seed, random, world);
      taken(0, sagas.start(first, request.build(), unlimited(), now, random));
    }

    private UUID uuid() {
      return new UUID(random.nextLong(), random.nextLong());
    }

    private Claim claim(SagaKind kind, PaymentId payment, String key) {
      return new Claim(
          kind == SagaKind.PAYMENT ? payment.uuid() : uuid(),
          kind,
          PaymentSaga.DEFINITION_VERSION,
          "t1",
          0,
          payment,
          key,
          now.plus(Duration.ofDays(3)),
          ByteString.EMPTY,
          ByteString.EMPTY,
          "",
          now);
    }

    private Standing standing() {
      return Objects.requireNonNull(standing);
    }

    PaymentState play() {
      for (int step = 0; step < STEPS_MAX; step++) {
        if (random.nextInt(6) == 0) {
          reportSettlement();
          reportLate();
        }
        attend();
        List<Saga> open =
            all.values().stream()
                .filter(saga -> !saga.phase().isOver() && saga.phase() != Phase.PARKED)
                .toList();
        if ((open.isEmpty() || waitsForAPerson(open)) && !wantsMore()) {
          settleWorld();
          checkEnd();
          return standing().payment().getState();
        }
        disturb(open);
        if (open.isEmpty() || (operations < OPERATIONS_MAX && random.nextInt(4) == 0)) {
          operate();
        } else {
          act(open.get(random.nextInt(open.size())));
        }
      }
      throw new AssertionError("seed " + seed + " never ends: " + all.values());
    }

    /** A capture stands still: the clock of its authorization looks again for ever. */
    private boolean waitsForAPerson(List<Saga> open) {
      return standing().payment().getState() == PaymentState.PAYMENT_STATE_NEEDS_ATTENTION
          && step++ % 8 == 7
          && open.stream().allMatch(saga -> saga.phase() == Phase.OPEN);
    }

    private boolean wantsMore() {
      return operations < 6
          && standing().payment().getState() == PaymentState.PAYMENT_STATE_SETTLED;
    }

    private void disturb(List<Saga> open) {
      int luck = random.nextInt(1_000);
      if (luck < 60) {
        // The owner dies: what it sent may still be on its way, its successor reads the table.
        open.forEach(this::resume);
      } else if (luck < 70 && cuts++ < CUTS_MAX) {
        world.cutPspOff(now.plus(Duration.ofHours(random.nextInt(60))));
      }
    }

    private void resume(Saga saga) {
      all.put(saga.claim().sagaId(), sagas.resume(saga, now));
    }

    /** People look at what stands still, and now and then at what does not. */
    private void attend() {
      for (Saga saga : List.copyOf(all.values())) {
        Optional<OperatorCommand> decided = operators.attend(saga);
        if (decided.isPresent()) {
          attend(saga, decided.get());
        }
      }
    }

    private void attend(Saga saga, OperatorCommand command) {
      boolean parked = saga.phase() == Phase.PARKED;
      Standing before = standing();
      switch (OperatorRules.judge(command, saga, before)) {
        case OperatorRules.Apply apply -> {
          settledByHand |= parked && saga.step() == Step.SETTLE;
          Saga noted = Attention.noted(saga, command, "");
          Decision decision = sagas.attend(noted, before, apply, now, random);
          decided(saga, decision);
          assertThat(decision.saga().phase()).as("seed %d", seed).isNotEqualTo(Phase.PARKED);
          OperatorRules.Verdict again = OperatorRules.judge(command, decision.saga(), standing());
          assertThat(again instanceof OperatorRules.Apply && command.hasResolve())
              .as("seed %d: the same statement applies twice", seed)
              .isFalse();
          assertThat(again instanceof OperatorRules.Decided)
              .as("seed %d: the same key decides once, without a key it is judged anew", seed)
              .isEqualTo(!OperatorRules.keyOf(command).isEmpty());
        }
        case OperatorRules.GiveBack back -> {
          OperationCommand refund = Attention.refund(command, saga, before);
          if (OperationRules.judge(refund, before, all.values(), "re_1", now)
              instanceof OperationRules.Begin begin) {
            Claim claim = claim(SagaKind.REFUND, first.paymentId(), "given-back-" + saga.version());
            long version = before.payment().getVersion();
            Saga noted = Attention.noted(saga, command, claim.sagaText());
            taken(
                version,
                sagas
                    .operate(claim, begin.data(), before, begin.open(), now, random)
                    .with(noted.next()));
          }
        }
        case OperatorRules.Unchanged same -> {}
        case OperatorRules.Decided known ->
            assertThat(known.replayed()).as("seed %d: no key comes twice", seed).isFalse();
        case OperatorRules.Refuse refuse ->
            assertThat(parked && command.hasRetry())
                .as("seed %d: what stands still can be retried: %s", seed, refuse)
                .isFalse();
      }
    }

    /** A client asks for something, which the payment takes or refuses. */
    private void operate() {
      operations++;
      Money.Builder amount =
          Money.newBuilder()
              .setCurrencyCode("EUR")
              .setMinorUnits(1 + random.nextInt(random.nextBoolean() ? 10_000 : 1_000));
      OperationCommand.Builder command = OperationCommand.newBuilder();
      switch (random.nextInt(6)) {
        case 0 -> command.getCancelBuilder().setReason("changed my mind");
        case 1 -> command.getCaptureBuilder();
        case 2, 3 ->
            command.getCaptureBuilder().setAmount(amount).setKeepRemainder(random.nextInt(4) > 0);
        case 4 -> command.getRefundBuilder();
        default -> command.getRefundBuilder().setAmount(amount);
      }
      OperationCommand asked = command.build();
      if (OperationRules.judge(asked, standing(), all.values(), "re_1", now)
          instanceof OperationRules.Begin begin) {
        Claim claim = claim(OperationRules.kindOf(asked), first.paymentId(), "o" + operations);
        long version = standing().payment().getVersion();
        taken(version, sagas.operate(claim, begin.data(), standing(), begin.open(), now, random));
      }
    }

    /** The PSP reports what it captured as settled, once or twice; now and then it is wrong. */
    private void reportSettlement() {
      for (Saga saga : List.copyOf(all.values())) {
        String key = Intents.operationKey(saga.claim(), "capture");
        world.goesOn(saga);
        long amount = world.capturedBy(key);
        if (amount == 0 || random.nextBoolean()) {
          continue;
        }
        boolean lie = random.nextInt(12) == 0;
        OperationResult report =
            OperationResult.newBuilder()
                .setOperationKey(key)
                .setKind(OperationKind.OPERATION_KIND_SETTLEMENT)
                .setDone(
                    Done.newBuilder()
                        .setAmount(
                            Money.newBuilder()
                                .setCurrencyCode("EUR")
                                .setMinorUnits(amount + (lie ? 1 : 0))))
                .build();
        switch (SettlementRules.judge(saga, standing(), report)) {
          case SettlementRules.Wrong wrong ->
              decided(
                  saga,
                  sagas.decide(saga, standing(), new Outcome.Mismatch(wrong.why()), now, random));
          case SettlementRules.Counts counts -> count(saga, report, key);
          case SettlementRules.Known known -> {}
          case SettlementRules.NoSuch none -> {}
          case SettlementRules.Twisted twisted -> {}
        }
      }
    }

    /** The PSP reports that it authorized, twice, whatever has become of the payment since. */
    private void reportLate() {
      Saga own = Objects.requireNonNull(all.get(first.sagaId()));
      Money amount = standing().payment().getAmount();
      OperationResult report =
          OperationResult.newBuilder()
              .setOperationKey(Intents.authorizeKey(first))
              .setKind(OperationKind.OPERATION_KIND_AUTHORIZE)
              .setDone(Done.newBuilder().setAmount(amount))
              .build();
      if (world.hasAuthorized(report.getOperationKey())
          && ReportRules.judge(own, standing(), report) instanceof ReportRules.Late) {
        Claim claim = Reclaims.ofReport(first, now);
        if (!all.containsKey(claim.sagaId())) {
          taken(standing().payment().getVersion(), sagas.reclaim(claim, standing(), now, random));
        }
      }
    }

    private void count(Saga saga, OperationResult report, String key) {
      assertThat(settlements.add(key)).as("seed %d: %s counts twice", seed, key).isTrue();
      Decision counted = SettlementRules.count(saga, standing(), report);
      standing = counted.standing();
      all.put(saga.claim().sagaId(), counted.saga());
      for (Saga one : List.copyOf(all.values())) {
        boolean early = one.equals(counted.saga()) && SettlementRules.isEarly(one);
        if (early || SettlementRules.isComplete(one, standing())) {
          Outcome reported = new Outcome.SettlementReported();
          decided(one, sagas.decide(one, standing(), reported, now, random));
        }
      }
    }

    private void act(Saga saga) {
      if (saga.phase() == Phase.OPEN) {
        sleep(saga);
        return;
      }
      Instant next = saga.nextAttemptAt();
      if (next != null && next.isAfter(now)) {
        now = next;
      }
      now = now.plusMillis(random.nextInt(200));
      world.pass(now);
      Outcome outcome =
          world.reports(saga, random)
              ? new Outcome.Told(OperationResult.getDefaultInstance())
              : world.act(saga.data().getIntent(), saga.phase(), now);
      if (random.nextInt(40) == 0) {
        // It happened, but whoever knew is gone.
        resume(saga);
        return;
      }
      if (outcome instanceof Outcome.Unknown) {
        // Not knowing takes as long as the deadline.
        now = now.plus(ConnectorTerms.simulator().deadline());
        world.pass(now);
      }
      decided(saga, sagas.decide(saga, standing(), outcome, now, random));
    }

    /** Now and then nothing happens for so long that the authorization lapses. */
    private void sleep(Saga clock) {
      Instant next = Objects.requireNonNull(clock.nextAttemptAt());
      boolean looksBack = clock.claim().kind() == SagaKind.RECLAIM;
      if (random.nextInt(20) == 0 || operations > 10 || looksBack) {
        now = next.isAfter(now) ? next : now;
        world.pass(now);
        decided(clock, sagas.decide(clock, standing(), new Outcome.TimeUp(), now, random));
      }
    }

    private void decided(Saga before, Decision decision) {
      assertThat(decision.saga().version()).isEqualTo(before.version() + 1);
      taken(standing().payment().getVersion(), decision);
    }

    private void taken(long versionBefore, Decision decision) {
      audit(versionBefore, decision);
      standing = decision.standing();
      all.put(decision.saga().claim().sagaId(), decision.saga());
      decision.others().forEach(other -> all.put(other.claim().sagaId(), other));
      boolean atWork =
          all.values().stream()
              .filter(saga -> saga.claim().kind() != SagaKind.RECLAIM)
              .anyMatch(Saga::moves);
      assertThat(standing().resting())
          .as("seed %d: rests", seed)
          .isEqualTo(Standing.isTerminal(standing().payment().getState()) || !atWork);
    }

    private void settleWorld() {
      now = now.plus(Duration.ofDays(1));
      world.pass(now);
      world.decidePending();
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
      // The last event's snapshot is the row; what clients see changes with an event only.
      assertThat(decision.standing().payment()).as("seed %d", seed).isEqualTo(before);
      Saga saga = decision.saga();
      if (saga.claim().kind() == SagaKind.RECLAIM) {
        assertThat(decision.standing()).as("seed %d", seed).isEqualTo(standing);
      } else if (saga.claim().kind() != SagaKind.REFUND
          && Standing.isTerminal(decision.standing().payment().getState())) {
        assertThat(saga.phase().isOver()).as("seed %d", seed).isTrue();
      }
    }

    private boolean isParked(SagaKind kind) {
      return all.values().stream()
          .anyMatch(saga -> saga.claim().kind() == kind && saga.phase() == Phase.PARKED);
    }

    private void checkEnd() {
      assertThat(world.effects().values()).as("seed %d: effects", seed).allMatch(n -> n == 1);
      Payment payment = standing().payment();
      boolean refundParked = isParked(SagaKind.REFUND);
      switch (payment.getState()) {
        case PAYMENT_STATE_SETTLED -> {
          long captured = payment.getAmountCaptured().getMinorUnits();
          assertThat(world.charged()).as("seed %d: charged", seed).isEqualTo(captured);
          assertThat(world.posted()).as("seed %d: posted", seed).isEqualTo(captured);
          assertThat(world.settled()).as("seed %d: settled", seed).isEqualTo(captured);
          if (seed % 3 == 0 && !settledByHand) {
            assertThat(settlements.stream().mapToLong(world::capturedBy).sum())
                .as("seed %d: reported", seed)
                .isEqualTo(captured);
          }
          assertThat(world.reserved()).as("seed %d: reserved", seed).isZero();
          if (!refundParked) {
            long refunded = payment.getAmountRefunded().getMinorUnits();
            assertThat(world.refunded()).as("seed %d: refunded", seed).isEqualTo(refunded);
            assertThat(world.returned()).as("seed %d: returned", seed).isEqualTo(refunded);
            assertThat(world.held()).as("seed %d: held", seed).isZero();
            assertThat(standing().pendingRefund()).as("seed %d", seed).isZero();
          }
        }
        case PAYMENT_STATE_FAILED, PAYMENT_STATE_CANCELED, PAYMENT_STATE_EXPIRED -> {
          assertThat(world.charged()).as("seed %d: charged", seed).isZero();
          if (!isParked(SagaKind.RECLAIM)) {
            assertThat(world.reserved()).as("seed %d: reserved", seed).isZero();
          }
          assertThat(world.held()).as("seed %d: held", seed).isZero();
          assertThat(payment.hasNextAction()).as("seed %d", seed).isFalse();
          assertThat(payment.hasFailure())
              .isEqualTo(payment.getState() == PaymentState.PAYMENT_STATE_FAILED);
        }
        case PAYMENT_STATE_NEEDS_ATTENTION ->
            assertThat(all.values())
                .as("seed %d", seed)
                .anyMatch(saga -> saga.phase() == Phase.PARKED);
        default -> throw new AssertionError("seed " + seed + " ended as " + standing);
      }
    }
  }

  @Test
  void aRestartChangesNothingThatWasDecided() {
    Random random = new Random(1);
    PaymentSaga sagas = new PaymentSaga(settings);
    Claim claim = new Run(1, new HashSet<>()).first;
    Decision decision =
        sagas.start(claim, Requests.payment("k", "sim_ok", 100), unlimited(), START, random);
    Saga resumed = sagas.resume(decision.saga(), START.plusSeconds(60));
    assertThat(resumed.phase()).isEqualTo(Phase.ASK);
    assertThat(resumed.version()).isEqualTo(decision.saga().version());
    assertThat(resumed.data().getIntent()).isEqualTo(decision.saga().data().getIntent());
    assertThat(List.of(resumed.data().getCompensationsList()))
        .isEqualTo(List.of(decision.saga().data().getCompensationsList()));
  }
}
