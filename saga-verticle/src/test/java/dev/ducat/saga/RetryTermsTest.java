package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.payments.v1.PaymentState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** When a step is given up, and that what is unknown never is. */
final class RetryTermsTest {
  private static final Instant START = Instant.parse("2026-11-29T10:00:00Z");
  private static final Backoff PAUSE = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(15));
  private static final ConnectorTerms STANDARD = ConnectorTerms.simulator();
  private static final Outcome UNKNOWN = new Outcome.Unknown("no answer");
  private static final Outcome NOT_FOUND = new Outcome.NotFound();

  private final Random random = new Random(1);

  private static Outcome error(String code, Duration retryAfter) {
    return new Outcome.Retryable(code, "not now", retryAfter.isZero() ? null : retryAfter);
  }

  private static RetryTerms terms(StepPolicy authorize, Duration sagaMax, String... finals) {
    RetryTerms all = RetryTerms.defaults();
    return new RetryTerms(
        authorize,
        all.capture(),
        all.refund(),
        all.ask(),
        all.undo(),
        all.undoMax(),
        all.notSent(),
        Set.of(finals),
        sagaMax);
  }

  private static StepPolicy policy(int attemptsMax, Duration timeout) {
    return new StepPolicy(PAUSE, attemptsMax, timeout);
  }

  /** A payment whose authorize is on its way. */
  private final class Run {
    private final PaymentSaga sagas;
    private Decision last;

    Run(RetryTerms terms) {
      SagaSettings settings =
          SagaSettings.defaults(Path.of("unused"))
              .withConnectors(Map.of("simulator", STANDARD.withRetry(terms)), "simulator");
      sagas = new PaymentSaga(settings);
      UUID id = new UUID(1, 2);
      Claim claim =
          new Claim(
              id,
              SagaKind.PAYMENT,
              PaymentSaga.DEFINITION_VERSION,
              "t1",
              0,
              new PaymentId(id),
              "k",
              START.plus(Duration.ofDays(3)),
              ByteString.EMPTY,
              ByteString.EMPTY,
              "",
              START);
      last =
          sagas.start(
              claim,
              Requests.payment("k", "tok", 100),
              new VelocityCount(Limits.NONE, Map.of()),
              START,
              random);
    }

    Saga after(Duration sinceStart, Outcome outcome) {
      last = sagas.decide(last.saga(), last.standing(), outcome, START.plus(sinceStart), random);
      return last.saga();
    }

    void assertGivenUp(String code) {
      assertThat(last.saga().phase()).isEqualTo(Phase.RELEASE);
      assertThat(last.saga().data().getFailure().getCode()).isEqualTo(code);
      // Whatever the PSP says, it is told that nobody wants it any more.
      assertThat(last.saga().data().getIntent().getConnectorCall().hasVoid()).isTrue();
    }
  }

  @Test
  void pausesDoubleUpToTheirCapWithFullJitter() {
    Backoff pause = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));
    long[] bounds = {100, 200, 400, 800, 1000, 1000, 1000};
    for (int failures = 1; failures <= bounds.length; failures++) {
      long shortest = Long.MAX_VALUE;
      long longest = 0;
      for (int i = 0; i < 2_000; i++) {
        long nanos = pause.afterFailures(failures, random).toNanos();
        shortest = Math.min(shortest, nanos);
        longest = Math.max(longest, nanos);
      }
      long bound = Duration.ofMillis(bounds[failures - 1]).toNanos();
      assertThat(longest).isLessThanOrEqualTo(bound).isGreaterThan(bound * 95 / 100);
      assertThat(shortest).isPositive().isLessThan(bound * 5 / 100);
    }
  }

  @Test
  void attemptsAreCountedPerStep() {
    Run run = new Run(terms(policy(2, Duration.ofHours(1)), Duration.ofDays(1)));
    assertThat(run.after(Duration.ofSeconds(1), error("", Duration.ZERO)).attempt()).isEqualTo(2);
    run.after(Duration.ofSeconds(2), error("RATE_LIMITED", Duration.ZERO));
    run.assertGivenUp("RATE_LIMITED");
  }

  @Test
  void aFinalReasonIsNotTriedAgain() {
    Run run = new Run(terms(policy(10, Duration.ofHours(1)), Duration.ofDays(1), "BLOCKED"));
    assertThat(run.after(Duration.ofSeconds(1), error("BUSY", Duration.ZERO)).phase())
        .isEqualTo(Phase.ACT);
    run.after(Duration.ofSeconds(2), error("BLOCKED", Duration.ZERO));
    run.assertGivenUp("BLOCKED");
  }

  @Test
  void noAttemptBeginsAfterTheStepsTime() {
    Run run = new Run(terms(policy(100, Duration.ofMinutes(10)), Duration.ofDays(1)));
    Saga last = run.after(Duration.ofMinutes(10).minusMillis(1), error("", Duration.ZERO));
    assertThat(last.phase()).isEqualTo(Phase.ACT);
    assertThat(last.nextAttemptAt()).isBeforeOrEqualTo(START.plus(Duration.ofMinutes(10)));
    run.after(Duration.ofMinutes(10), error("", Duration.ZERO));
    run.assertGivenUp("CONNECTOR_UNAVAILABLE");
  }

  @Test
  void noAttemptBeginsAfterTheSagasTime() {
    Run run = new Run(terms(policy(100, Duration.ofHours(1)), Duration.ofMinutes(1)));
    run.after(Duration.ofSeconds(61), error("", Duration.ZERO));
    run.assertGivenUp("CONNECTOR_UNAVAILABLE");
  }

  @Test
  void aPspThatWantsToBeLeftAloneForTooLongIsGivenUp() {
    Run run = new Run(terms(policy(100, Duration.ofMinutes(10)), Duration.ofDays(1)));
    Saga waits = run.after(Duration.ofMinutes(1), error("", Duration.ofMinutes(8)));
    assertThat(waits.nextAttemptAt()).isEqualTo(START.plus(Duration.ofMinutes(9)));
    run.after(Duration.ofMinutes(9), error("", Duration.ofSeconds(Long.MAX_VALUE)));
    run.assertGivenUp("CONNECTOR_UNAVAILABLE");
  }

  @Test
  void whatIsUnknownIsNeverGivenUpAndAPersonIsCalledInTheEnd() {
    Run run = new Run(terms(policy(1, Duration.ofMinutes(1)), Duration.ofMinutes(2)));
    Duration[] moments = {
      Duration.ofSeconds(5), Duration.ofMinutes(5), Duration.ofHours(5), Duration.ofHours(23)
    };
    for (Duration moment : moments) {
      Saga asks = run.after(moment, UNKNOWN);
      assertThat(asks.phase()).isEqualTo(Phase.ASK);
      assertThat(asks.data().getIntent().getConnectorCall().hasAuthorize()).isTrue();
    }
    assertThat(run.after(Duration.ofHours(25), UNKNOWN).phase()).isEqualTo(Phase.PARKED);
    assertThat(run.last.standing().payment().getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
  }

  @Test
  void whatAPersonHasGoOnIsGivenTimeAnew() {
    Run run = new Run(terms(policy(10, Duration.ofMinutes(10)), Duration.ofHours(1)));
    run.after(Duration.ofSeconds(5), UNKNOWN);
    assertThat(run.after(Duration.ofHours(25), UNKNOWN).phase()).isEqualTo(Phase.PARKED);
    assertThat(run.after(Duration.ofHours(30), new Outcome.Retried()).phase()).isEqualTo(Phase.ASK);
    Saga again = run.after(Duration.ofHours(30).plusMinutes(1), error("", Duration.ZERO));
    assertThat(again.phase()).isEqualTo(Phase.ACT);
    run.after(Duration.ofHours(32), error("", Duration.ZERO));
    run.assertGivenUp("CONNECTOR_UNAVAILABLE");
  }

  @Test
  void anAuthorizeThatNeverArrivedIsSentAgainInItsTimeAndVoidedAfterIt() {
    RetryTerms terms = terms(policy(10, Duration.ofMinutes(10)), Duration.ofDays(1));
    Run again = new Run(terms);
    again.after(Duration.ofSeconds(5), UNKNOWN);
    assertThat(again.after(Duration.ofSeconds(8), NOT_FOUND).phase()).isEqualTo(Phase.ASK);
    Saga sent = again.after(Duration.ofMinutes(9), NOT_FOUND);
    assertThat(sent.phase()).isEqualTo(Phase.ACT);
    assertThat(sent.attempt()).isEqualTo(2);
    assertThat(again.last.attempts())
        .singleElement()
        .extracting(Decision.Attempt::signal)
        .isEqualTo(Signal.PROVEN_ABSENT);

    Run late = new Run(terms);
    late.after(Duration.ofSeconds(5), UNKNOWN);
    late.after(Duration.ofMinutes(10), NOT_FOUND);
    late.assertGivenUp("TIMED_OUT");

    // A PSP that may have forgotten the key says nothing by not finding it.
    Run forgotten = new Run(terms);
    forgotten.after(Duration.ofHours(10), UNKNOWN);
    assertThat(forgotten.after(Duration.ofHours(23), NOT_FOUND).phase()).isEqualTo(Phase.ASK);
  }
}
