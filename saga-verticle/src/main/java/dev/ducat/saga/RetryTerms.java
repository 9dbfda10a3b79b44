package dev.ducat.saga;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;

/**
 * How patient a saga is.
 *
 * @param authorize how often an authorize is tried, and so on
 * @param ask between questions about an unknown or pending operation
 * @param undo between attempts to undo
 * @param undoMax how long undoing is tried before a person is called
 * @param notSent before work that could not be sent is tried again; not counted
 * @param finalReasons reason codes of a PSP after which nothing is tried again, though nothing
 *     happened
 * @param sagaMax from the saga's beginning on, however many steps it has; no attempt of a step that
 *     failed begins after it
 */
public record RetryTerms(
    StepPolicy authorize,
    StepPolicy capture,
    StepPolicy refund,
    Backoff ask,
    Backoff undo,
    Duration undoMax,
    Duration notSent,
    Set<String> finalReasons,
    Duration sagaMax) {
  /** A payer who waited for an hour has gone. */
  private static final Duration AUTHORIZE_MAX = Duration.ofHours(1);

  /** What was agreed with the payer before may still be carried out a day later. */
  private static final Duration LATER_MAX = Duration.ofDays(1);

  private static final Duration SAGA_MAX = Duration.ofDays(1);

  public RetryTerms {
    finalReasons = Set.copyOf(finalReasons);
  }

  /** The same pauses and attempts for every step; any reason is worth another attempt. */
  public RetryTerms(
      Backoff again,
      int attemptsMax,
      Backoff ask,
      Backoff undo,
      Duration undoMax,
      Duration notSent) {
    this(
        new StepPolicy(again, attemptsMax, AUTHORIZE_MAX),
        new StepPolicy(again, attemptsMax, LATER_MAX),
        new StepPolicy(again, attemptsMax, LATER_MAX),
        ask,
        undo,
        undoMax,
        notSent,
        Set.of(),
        SAGA_MAX);
  }

  /** Ten attempts within about a minute, a day of undoing. */
  public static RetryTerms defaults() {
    return new RetryTerms(
        new Backoff(Duration.ofMillis(100), Duration.ofSeconds(15)),
        10,
        new Backoff(Duration.ofMillis(250), Duration.ofSeconds(30)),
        new Backoff(Duration.ofMillis(200), Duration.ofMinutes(5)),
        Duration.ofHours(24),
        Duration.ofMillis(200));
  }

  /** Of a step that is tried again when nothing happened. */
  StepPolicy of(Step step) {
    return switch (step) {
      case AUTHORIZE -> authorize;
      case CAPTURE -> capture;
      case REFUND -> refund;
      case VALIDATE, REMAINDER, CANCEL, EXPIRE, RECLAIM, SETTLE, NOTIFY ->
          throw new IllegalArgumentException(step + " is not tried again, but done");
    };
  }

  /** From when on the step that a saga is at is not tried again. */
  Instant endOf(Saga saga) {
    Instant sent = Times.fromProto(saga.data().getFirstSentTime());
    Instant begun = saga.claim().createdAt();
    if (saga.data().hasResumedTime()) {
      // A person had it go on, who knows how late it is.
      Instant resumed = Times.fromProto(saga.data().getResumedTime());
      sent = sent.isBefore(resumed) ? resumed : sent;
      begun = resumed;
    }
    Instant ofStep = sent.plus(of(saga.step()).timeout());
    Instant ofSaga = begun.plus(sagaMax);
    return ofStep.isBefore(ofSaga) ? ofStep : ofSaga;
  }

  /** Whether there is no further attempt after one that certainly did nothing. */
  boolean isSpent(Saga saga, Outcome.Retryable failure, Instant now) {
    Duration left = Duration.between(now, endOf(saga));
    Duration wait = failure.retryAfter() == null ? Duration.ZERO : failure.retryAfter();
    return saga.attempt() >= of(saga.step()).attemptsMax()
        || finalReasons.contains(failure.code())
        || wait.compareTo(left) >= 0;
  }
}
