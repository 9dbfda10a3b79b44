package dev.ducat.saga;

/** What a saga's table branches on: an outcome, judged by what came before it and by the time. */
public enum Signal {
  /** A valid request. */
  VALID,
  /** A valid request that the risk service is asked about. */
  ASSESS,
  /** A request that the payment's own checks refuse. */
  INVALID,
  DONE,
  /** Done, and what the next step does is done with it. */
  SETTLED_TOO,
  /** Done; captures are asked for one by one. */
  HELD,
  /** Done; the rest stays authorized for further captures. */
  PART,
  /** Done; a rest is left that nobody will capture. */
  REST,
  /** Done; what was captured before goes on to settle. */
  AFTER_CAPTURE,
  /** Done; what was captured settles when the PSP reports it. */
  UNSETTLED,
  /** The PSP reported everything that was captured as settled. */
  REPORTED,
  /** The PSP reports a capture settled of which it is not known yet that it happened. */
  EARLY,
  DECLINED,
  /** Refused or given up, but earlier captures stand. */
  REST_ONLY,
  /** The ledger refused what comes before the PSP call. */
  LEDGER_REFUSED,
  PENDING,
  /** Nothing happened; there are attempts left. */
  RETRYABLE,
  /** Nothing happened, as often as we are willing to try. */
  RETRIES_SPENT,
  /** It may have happened. */
  UNKNOWN,
  /** The PSP does not know it, which proves nothing yet. */
  NOT_FOUND,
  /**
   * The PSP does not know it, deadline and quarantine have passed, and the same key may be sent
   * again.
   */
  PROVEN_ABSENT,
  /** The PSP reports an authorization of a payment that had been given up. */
  LATE,
  /** Nothing was sent. */
  NOT_SENT,
  /** An answer other than asked for. */
  MISMATCH,
  /** The PSP reports by itself that it is done. */
  TOLD,
  /** What was waited for did not come in its time. */
  LAPSED,
  /** Its time is over, but a capture is at work. */
  BUSY,
  /** Somebody else has the last word on it. */
  CLOSED,
  /** A person does not wait for its timer. */
  HURRIED,
  /** A person takes it up again: the PSP is asked what became of the action. */
  BACK_TO_ASK,
  /** A person takes it up again: the action is harmless to repeat. */
  BACK_TO_ACT,
  /** A person takes it up again: what its step prepared is released. */
  BACK_TO_RELEASE,
  /** A person takes it up again: what its step did is undone. */
  BACK_TO_UNDO,
  /** Unknown, or still not undone, for as long as we are willing to try alone. */
  TOO_LONG
}
