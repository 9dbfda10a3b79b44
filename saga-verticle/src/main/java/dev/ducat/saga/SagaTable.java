package dev.ducat.saga;

import static dev.ducat.saga.Effect.*;
import static dev.ducat.saga.Phase.ACT;
import static dev.ducat.saga.Phase.ASK;
import static dev.ducat.saga.Phase.AWAIT;
import static dev.ducat.saga.Phase.ENDED;
import static dev.ducat.saga.Phase.OPEN;
import static dev.ducat.saga.Phase.PARKED;
import static dev.ducat.saga.Phase.RELEASE;
import static dev.ducat.saga.Phase.UNDO;
import static dev.ducat.saga.Phase.UNDONE;
import static dev.ducat.saga.Signal.*;
import static dev.ducat.saga.Step.AUTHORIZE;
import static dev.ducat.saga.Step.CANCEL;
import static dev.ducat.saga.Step.CAPTURE;
import static dev.ducat.saga.Step.EXPIRE;
import static dev.ducat.saga.Step.NOTIFY;
import static dev.ducat.saga.Step.RECLAIM;
import static dev.ducat.saga.Step.REFUND;
import static dev.ducat.saga.Step.REMAINDER;
import static dev.ducat.saga.Step.SETTLE;
import static dev.ducat.saga.Step.VALIDATE;

import java.util.ArrayList;
import java.util.List;

/**
 * The table: where each kind of saga goes on which signal, and what it does on the way.
 * docs/saga-states.md shows it.
 */
final class SagaTable {
  /** Phases in which an action's outcome may come in. */
  private static final List<Phase> OUTSTANDING = List.of(ACT, ASK, AWAIT);

  /** Phases in which it may come to light that an action is done. */
  private static final List<Phase> DOING = List.of(ACT, ASK, AWAIT, Phase.TOLD);

  private final List<PaymentSaga.Row> rows = new ArrayList<>();
  private final SagaKind kind;

  private SagaTable(SagaKind kind) {
    this.kind = kind;
  }

  static List<PaymentSaga.Row> rows() {
    List<PaymentSaga.Row> all = new ArrayList<>();
    all.addAll(payment());
    all.addAll(capture());
    all.addAll(cancel());
    all.addAll(expire());
    all.addAll(refund());
    all.addAll(reclaim());
    return List.copyOf(all);
  }

  private void on(
      Step step, Phase phase, Signal signal, Step toStep, Phase toPhase, Effect... effects) {
    rows.add(new PaymentSaga.Row(kind, step, phase, signal, toStep, toPhase, List.of(effects)));
  }

  private static List<PaymentSaga.Row> payment() {
    SagaTable t = new SagaTable(SagaKind.PAYMENT);
    t.on(VALIDATE, ACT, VALID, AUTHORIZE, ACT, CREATED, INTEND_AUTHORIZE);
    t.on(VALIDATE, ACT, INVALID, NOTIFY, ENDED, CREATED, NOTE_FAILURE, FAILED);
    t.assesses();

    for (Phase phase : DOING) {
      t.on(AUTHORIZE, phase, DONE, CAPTURE, ACT, AUTHORIZED, INTEND_CAPTURE);
      // What follows is asked for, or the clock's: sagas of their own.
      t.on(AUTHORIZE, phase, HELD, AUTHORIZE, ENDED, AUTHORIZED, OPEN_AUTHORIZATION);

      // Nothing of the outside lies between capture and settle: three steps in one commit.
      t.on(CAPTURE, phase, SETTLED_TOO, NOTIFY, ENDED, CAPTURED, SETTLED, COMPLETED);
      t.on(CAPTURE, phase, DONE, SETTLE, ACT, CAPTURED, INTEND_SETTLE);
      t.unsettled(CAPTURE, phase, CAPTURED);
    }
    for (Phase phase : OUTSTANDING) {
      t.on(AUTHORIZE, phase, DECLINED, AUTHORIZE, RELEASE, TURN_BACK, INTEND_RELEASE);
      t.on(AUTHORIZE, phase, RETRYABLE, AUTHORIZE, ACT, NOTE_ATTEMPT, AGAIN);
      t.on(AUTHORIZE, phase, RETRIES_SPENT, AUTHORIZE, RELEASE, TURN_BACK, INTEND_REVERSAL);

      t.on(CAPTURE, phase, DECLINED, AUTHORIZE, UNDO, TURN_BACK, INTEND_REVERSAL);
      t.on(CAPTURE, phase, RETRYABLE, CAPTURE, ACT, NOTE_ATTEMPT, AGAIN);
      t.on(CAPTURE, phase, RETRIES_SPENT, AUTHORIZE, UNDO, TURN_BACK, INTEND_REVERSAL);
    }
    // The hold comes before the PSP call, so its refusal ends the payment with nothing to undo.
    t.on(AUTHORIZE, ACT, LEDGER_REFUSED, NOTIFY, ENDED, TURN_BACK, FAILED);
    t.on(AUTHORIZE, ASK, LEDGER_REFUSED, NOTIFY, ENDED, TURN_BACK, FAILED);
    t.outstanding(AUTHORIZE, PARK, SHOW_ACTION);
    t.outstanding(CAPTURE, PARK, SHOW_ACTION);
    t.inDoubt(AUTHORIZE, RESUME);
    // People err: a void of nothing is harmless, and keeps the authorize from coming after all.
    t.on(AUTHORIZE, PARKED, DECLINED, AUTHORIZE, RELEASE, RESUME, TURN_BACK, INTEND_REVERSAL);
    t.on(AUTHORIZE, PARKED, RETRIES_SPENT, AUTHORIZE, RELEASE, RESUME, TURN_BACK, INTEND_REVERSAL);
    t.inDoubt(CAPTURE, RESUME);
    t.on(CAPTURE, PARKED, DECLINED, AUTHORIZE, UNDO, RESUME, TURN_BACK, INTEND_REVERSAL);
    t.settles();
    t.waitsOnlySoLong();
    t.on(AUTHORIZE, RELEASE, DONE, NOTIFY, UNDONE, LOOK_BACK, FAILED);
    t.on(AUTHORIZE, UNDO, DONE, NOTIFY, UNDONE, REVERSED, FAILED);
    t.voids(AUTHORIZE, RELEASE);
    t.voids(AUTHORIZE, UNDO);
    return t.rows;
  }

  private static List<PaymentSaga.Row> capture() {
    SagaTable t = new SagaTable(SagaKind.CAPTURE);
    t.on(VALIDATE, ACT, VALID, CAPTURE, ACT, CAPTURE_STARTED, INTEND_CAPTURE);
    for (Phase phase : DOING) {
      t.on(CAPTURE, phase, SETTLED_TOO, NOTIFY, ENDED, CAPTURED, SETTLED, COMPLETED);
      t.on(CAPTURE, phase, DONE, SETTLE, ACT, CAPTURED, INTEND_SETTLE);
      t.unsettled(CAPTURE, phase, CAPTURED);
      t.on(CAPTURE, phase, PART, CAPTURE, ENDED, CAPTURED);
      t.on(CAPTURE, phase, REST, REMAINDER, ACT, CAPTURED, INTEND_VOID);
    }
    for (Phase phase : OUTSTANDING) {
      t.on(CAPTURE, phase, DECLINED, AUTHORIZE, UNDO, TURN_BACK, CAPTURE_FAILED, INTEND_REVERSAL);
      t.on(
          CAPTURE,
          phase,
          RETRIES_SPENT,
          AUTHORIZE,
          UNDO,
          TURN_BACK,
          CAPTURE_FAILED,
          INTEND_REVERSAL);
      t.on(CAPTURE, phase, REST_ONLY, REMAINDER, ACT, TURN_BACK, CAPTURE_FAILED, INTEND_VOID);
      t.on(CAPTURE, phase, RETRYABLE, CAPTURE, ACT, NOTE_ATTEMPT, AGAIN);
    }
    t.outstanding(CAPTURE, PARK);
    t.inDoubt(CAPTURE, RESUME);
    t.on(
        CAPTURE,
        PARKED,
        DECLINED,
        AUTHORIZE,
        UNDO,
        RESUME,
        TURN_BACK,
        CAPTURE_FAILED,
        INTEND_REVERSAL);
    t.on(
        CAPTURE, PARKED, REST_ONLY, REMAINDER, ACT, RESUME, TURN_BACK, CAPTURE_FAILED, INTEND_VOID);
    t.on(REMAINDER, ACT, DONE, SETTLE, ACT, RELEASED, INTEND_SETTLE);
    t.unsettled(REMAINDER, ACT, RELEASED);
    t.voids(REMAINDER, ACT);
    t.settles();
    t.on(AUTHORIZE, UNDO, DONE, NOTIFY, UNDONE, REVERSED, FAILED);
    t.voids(AUTHORIZE, UNDO);
    return t.rows;
  }

  private static List<PaymentSaga.Row> cancel() {
    SagaTable t = new SagaTable(SagaKind.CANCEL);
    t.on(VALIDATE, ACT, VALID, CANCEL, ACT, RELEASE_STARTED, INTEND_VOID);
    t.on(CANCEL, ACT, DONE, NOTIFY, ENDED, LOOK_BACK, CANCELED);
    t.on(CANCEL, ACT, AFTER_CAPTURE, SETTLE, ACT, RELEASED, INTEND_SETTLE);
    t.unsettled(CANCEL, ACT, RELEASED);
    t.voids(CANCEL, ACT);
    t.settles();
    return t.rows;
  }

  private static List<PaymentSaga.Row> expire() {
    SagaTable t = new SagaTable(SagaKind.EXPIRE);
    t.on(EXPIRE, OPEN, LAPSED, EXPIRE, ACT, RELEASE_STARTED, INTEND_VOID);
    t.on(EXPIRE, OPEN, BUSY, EXPIRE, OPEN, LATER);
    t.on(EXPIRE, OPEN, CLOSED, EXPIRE, ENDED);
    t.on(EXPIRE, ACT, DONE, NOTIFY, ENDED, EXPIRED);
    t.on(EXPIRE, ACT, AFTER_CAPTURE, SETTLE, ACT, RELEASED, INTEND_SETTLE);
    t.unsettled(EXPIRE, ACT, RELEASED);
    t.voids(EXPIRE, ACT);
    t.settles();
    return t.rows;
  }

  private static List<PaymentSaga.Row> refund() {
    SagaTable t = new SagaTable(SagaKind.REFUND);
    t.on(VALIDATE, ACT, VALID, REFUND, ACT, REFUND_CREATED, INTEND_REFUND);
    for (Phase phase : DOING) {
      t.on(REFUND, phase, DONE, NOTIFY, ENDED, REFUNDED);
    }
    for (Phase phase : OUTSTANDING) {
      t.on(REFUND, phase, DECLINED, REFUND, RELEASE, TURN_BACK, INTEND_REFUND_RELEASE);
      t.on(REFUND, phase, RETRIES_SPENT, REFUND, RELEASE, TURN_BACK, INTEND_REFUND_RELEASE);
      t.on(REFUND, phase, RETRYABLE, REFUND, ACT, NOTE_ATTEMPT, AGAIN);
    }
    // The hold comes before the PSP call: the merchant's funds do not suffice, or it is closed.
    t.on(REFUND, ACT, LEDGER_REFUSED, NOTIFY, ENDED, TURN_BACK, REFUND_FAILED);
    t.on(REFUND, ASK, LEDGER_REFUSED, NOTIFY, ENDED, TURN_BACK, REFUND_FAILED);
    t.outstanding(REFUND, PARK_REFUND);
    t.inDoubt(REFUND, RESUME_REFUND);
    t.on(
        REFUND, PARKED, DECLINED, REFUND, RELEASE, RESUME_REFUND, TURN_BACK, INTEND_REFUND_RELEASE);
    t.on(REFUND, PARKED, BACK_TO_RELEASE, REFUND, RELEASE, RESUME_REFUND, DO_ANEW);
    t.on(REFUND, RELEASE, DONE, NOTIFY, UNDONE, REFUND_FAILED);
    t.on(REFUND, RELEASE, MISMATCH, REFUND, PARKED, NOTE_ATTEMPT, PARK_REFUND);
    return t.rows;
  }

  private static List<PaymentSaga.Row> reclaim() {
    SagaTable t = new SagaTable(SagaKind.RECLAIM);
    t.on(RECLAIM, OPEN, LAPSED, RECLAIM, ASK);
    t.on(RECLAIM, OPEN, LATE, RECLAIM, ACT, FOUND_LATE, INTEND_RECLAIM);
    t.on(RECLAIM, ASK, DONE, RECLAIM, ACT, FOUND_LATE, INTEND_RECLAIM);
    t.on(RECLAIM, ASK, PROVEN_ABSENT, RECLAIM, ENDED);
    t.on(RECLAIM, ASK, DECLINED, RECLAIM, ENDED);
    t.on(RECLAIM, ASK, RETRYABLE, RECLAIM, ENDED);
    t.on(RECLAIM, ASK, PENDING, RECLAIM, ASK, ASK_LATER);
    t.on(RECLAIM, ASK, UNKNOWN, RECLAIM, ASK, ASK_LATER);
    t.on(RECLAIM, ASK, NOT_FOUND, RECLAIM, ASK, ASK_LATER);
    t.on(RECLAIM, ASK, NOT_SENT, RECLAIM, ASK, SOON);
    t.on(RECLAIM, ASK, MISMATCH, RECLAIM, PARKED, NOTE_ATTEMPT, PARK_LATE);
    t.on(RECLAIM, ASK, TOO_LONG, RECLAIM, PARKED, NOTE_ATTEMPT, PARK_LATE);
    t.on(RECLAIM, ACT, DONE, RECLAIM, ENDED, RECLAIMED);
    t.on(RECLAIM, ASK, HURRIED, RECLAIM, ASK);
    t.on(RECLAIM, PARKED, BACK_TO_ASK, RECLAIM, ASK, DOUBT_ANEW);
    // The payment was over before, and does not hear of this.
    t.voids(RECLAIM, ACT, PARK_LATE, DO_ANEW);
    return t.rows;
  }

  /**
   * While the PSP or the payer decides, a client may cancel: the cancellation's saga undoes what
   * there may be. When it has taken too long, the saga does the same itself.
   */
  private void waitsOnlySoLong() {
    on(AUTHORIZE, AWAIT, CLOSED, CANCEL, ENDED);
    on(AUTHORIZE, AWAIT, LAPSED, EXPIRE, ACT, RELEASE_STARTED, INTEND_VOID);
    on(EXPIRE, ACT, DONE, NOTIFY, ENDED, LOOK_BACK, EXPIRED);
    voids(EXPIRE, ACT);
  }

  /** Nothing is held yet, and the question has no effect: it is asked until there is a verdict. */
  private void assesses() {
    on(VALIDATE, ACT, ASSESS, VALIDATE, ACT, CREATED, INTEND_ASSESS);
    on(VALIDATE, ACT, DONE, AUTHORIZE, ACT, ASSESSED, INTEND_AUTHORIZE);
    // Silence, where that means yes.
    on(VALIDATE, ACT, UNKNOWN, AUTHORIZE, ACT, ASSESSED, NOTE_ATTEMPT, INTEND_AUTHORIZE);
    on(VALIDATE, ACT, DECLINED, NOTIFY, ENDED, ASSESSED, TURN_BACK, FAILED);
    on(VALIDATE, ACT, NOT_SENT, VALIDATE, ACT, SOON);
    on(VALIDATE, ACT, HURRIED, VALIDATE, ACT);
    on(VALIDATE, ACT, RETRIES_SPENT, NOTIFY, ENDED, TURN_BACK, FAILED);
  }

  /** While it is open what became of an action: asking, waiting, and who is called in the end. */
  private void outstanding(Step step, Effect park, Effect... shown) {
    on(step, ACT, PENDING, step, AWAIT, with(NOTE_ATTEMPT, shown));
    on(step, ACT, UNKNOWN, step, ASK, NOTE_ATTEMPT, DOUBT, ASK_LATER);
    on(step, ACT, NOT_SENT, step, ACT, SOON);
    on(step, ACT, MISMATCH, step, PARKED, NOTE_ATTEMPT, park);

    on(step, ASK, PENDING, step, AWAIT, with(null, shown));
    on(step, ASK, UNKNOWN, step, ASK, ASK_LATER);
    on(step, ASK, NOT_FOUND, step, ASK, ASK_LATER);
    on(step, ASK, PROVEN_ABSENT, step, ACT, NOTE_ATTEMPT, AGAIN_NOW);
    on(step, ASK, NOT_SENT, step, ASK, SOON);
    on(step, ASK, MISMATCH, step, PARKED, NOTE_ATTEMPT, park);
    on(step, ASK, TOO_LONG, step, PARKED, park);

    on(step, AWAIT, PENDING, step, AWAIT, with(null, shown));
    on(step, AWAIT, UNKNOWN, step, AWAIT, ASK_LATER);
    on(step, AWAIT, NOT_FOUND, step, AWAIT, ASK_LATER);
    on(step, AWAIT, NOT_SENT, step, AWAIT, SOON);
    on(step, AWAIT, MISMATCH, step, PARKED, NOTE_ATTEMPT, park);

    for (Phase phase : OUTSTANDING) {
      on(step, phase, Signal.TOLD, step, Phase.TOLD, BELIEVE);
      on(step, phase, HURRIED, step, phase);
    }
    on(step, Phase.TOLD, MISMATCH, step, PARKED, NOTE_ATTEMPT, park);
    if (step == CAPTURE) {
      // What is settled was captured: the PSP is asked about that at once.
      on(step, ACT, EARLY, step, ASK, DOUBT);
      on(step, ASK, EARLY, step, ASK);
      on(step, AWAIT, EARLY, step, AWAIT, SOON);
    } else {
      // The PSP says that it is done, and the ledger refuses what should have come before.
      on(step, Phase.TOLD, LEDGER_REFUSED, step, PARKED, NOTE_ATTEMPT, park);
    }
  }

  /** What a person can do about an action in doubt, beside giving it up. */
  private void inDoubt(Step step, Effect resume) {
    on(step, PARKED, Signal.TOLD, step, Phase.TOLD, resume, BELIEVE);
    on(step, PARKED, PROVEN_ABSENT, step, ACT, resume, SEND_ANEW);
    on(step, PARKED, BACK_TO_ASK, step, ASK, resume, DOUBT_ANEW);
  }

  private static Effect[] with(@org.jspecify.annotations.Nullable Effect first, Effect... shown) {
    List<Effect> effects = new ArrayList<>();
    if (first != null) {
      effects.add(first);
    }
    effects.addAll(List.of(shown));
    effects.add(ASK_LATER);
    return effects.toArray(Effect[]::new);
  }

  /** A void is sent again under its key until it is done; a refusal calls a person. */
  private void voids(Step step, Phase phase) {
    voids(step, phase, PARK, RESUME, DO_ANEW);
  }

  private void voids(Step step, Phase phase, Effect park, Effect... resume) {
    on(step, phase, PENDING, step, phase, UNDO_AGAIN);
    on(step, phase, RETRYABLE, step, phase, NOTE_ATTEMPT, UNDO_AGAIN);
    on(step, phase, UNKNOWN, step, phase, NOTE_ATTEMPT, UNDO_AGAIN);
    on(step, phase, NOT_SENT, step, phase, SOON);
    on(step, phase, DECLINED, step, PARKED, NOTE_ATTEMPT, park);
    on(step, phase, MISMATCH, step, PARKED, NOTE_ATTEMPT, park);
    on(step, phase, TOO_LONG, step, PARKED, NOTE_ATTEMPT, park);
    on(step, phase, HURRIED, step, phase);
    on(step, PARKED, backTo(phase), step, phase, resume);
  }

  private static Signal backTo(Phase phase) {
    return switch (phase) {
      case RELEASE -> BACK_TO_RELEASE;
      case UNDO -> BACK_TO_UNDO;
      case ACT -> BACK_TO_ACT;
      default -> throw new IllegalArgumentException("nothing is voided in " + phase);
    };
  }

  /** The payment rests in CAPTURED until the PSP reports the settlement of what was captured. */
  private void unsettled(Step step, Phase phase, Effect told) {
    on(step, phase, UNSETTLED, SETTLE, OPEN, told, INTEND_SETTLE, EXPECT_SETTLEMENT);
  }

  private void settles() {
    on(SETTLE, OPEN, REPORTED, SETTLE, ACT);
    on(SETTLE, OPEN, LAPSED, SETTLE, OPEN, REMIND, EXPECT_SETTLEMENT);
    if (kind == SagaKind.PAYMENT || kind == SagaKind.CAPTURE) {
      // Reports name captures: what they say of another saga's is kept, and the right one awaited.
      on(SETTLE, OPEN, MISMATCH, SETTLE, PARKED, NOTE_ATTEMPT, PARK);
    }
    on(SETTLE, ACT, DONE, NOTIFY, ENDED, SETTLED, COMPLETED);
    on(SETTLE, ACT, MISMATCH, SETTLE, PARKED, NOTE_ATTEMPT, PARK);
    on(SETTLE, PARKED, BACK_TO_ACT, SETTLE, ACT, RESUME, DO_ANEW);
  }
}
