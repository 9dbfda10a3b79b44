package dev.ducat.saga;

import dev.ducat.proto.internal.v1.SagaData;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A saga as its last commit left it.
 *
 * @param attempt how often the current action may have been sent, from 1
 * @param nextAttemptAt when the current phase goes on by itself; null while its action is on its
 *     way, and at rest
 * @param version counts commits; 0 before the first
 * @param data the intent and everything it needs
 */
public record Saga(
    Claim claim,
    Step step,
    Phase phase,
    int attempt,
    @Nullable Instant nextAttemptAt,
    long version,
    SagaData data) {

  public Saga {
    if (version < 0 || attempt < 0) {
      throw new IllegalArgumentException("saga version " + version + ", attempt " + attempt);
    }
  }

  /** The same saga with other data. */
  Saga with(SagaData other) {
    return new Saga(claim, step, phase, attempt, nextAttemptAt, version, other);
  }

  /** As its next version. */
  Saga next() {
    return new Saga(claim, step, phase, attempt, nextAttemptAt, version + 1, data);
  }

  /** Whether it is at work: it goes on by itself, and not only some day. */
  public boolean moves() {
    return switch (phase) {
      case ACT, ASK, TOLD, RELEASE, UNDO -> true;
      case AWAIT, OPEN, PARKED, ENDED, UNDONE -> false;
    };
  }

  /** Whether it voids, be it as its own step or to undo an earlier one. */
  boolean isVoiding() {
    return phase.isUndoing() || (phase == Phase.ACT && step.voids());
  }

  /**
   * Whether it stands still at an action of which nobody knows whether it happened, or which did
   * not come out as asked: not while it undoes, and not while it settles.
   */
  boolean isParkedInDoubt() {
    if (phase != Phase.PARKED) {
      return false;
    }
    return switch (step) {
      case AUTHORIZE ->
          data.getIntent().hasLedgerBefore() || data.getIntent().getConnectorCall().hasAuthorize();
      case CAPTURE -> true;
      case RECLAIM -> data.getIntent().getConnectorCall().hasAuthorize();
      case REFUND -> data.getIntent().hasLedgerBefore();
      case VALIDATE, REMAINDER, CANCEL, EXPIRE, SETTLE, NOTIFY -> false;
    };
  }

  /** The state that operators see. */
  public SagaState state() {
    return switch (phase) {
      case ACT, ASK, TOLD -> nextAttemptAt == null ? SagaState.RUNNING : SagaState.WAITING;
      case AWAIT, OPEN -> SagaState.WAITING;
      case RELEASE, UNDO -> SagaState.COMPENSATING;
      case PARKED -> SagaState.NEEDS_ATTENTION;
      case ENDED -> SagaState.DONE;
      case UNDONE -> SagaState.COMPENSATED;
    };
  }

  /** How it ended, for the table's {@code outcome}; null while it has not. */
  public @Nullable String outcome() {
    if (!phase.isOver()) {
      return null;
    }
    return data.hasFailure() ? data.getFailure().getCode() : "DONE";
  }
}
