package dev.ducat.saga;

/**
 * What a transition does besides moving on. The table names them, {@link Transition} carries them
 * out.
 */
enum Effect {
  /** Event: the payment exists. */
  CREATED,
  /** Remembers the risk service's verdict. Audited where a person should look. */
  ASSESSED,
  /** Event: PSP and ledger hold the amount. */
  AUTHORIZED,
  /** Event: the payer is charged. */
  CAPTURED,
  /** Event: the merchant's funds are available. */
  SETTLED,
  /** Event: what merchants hear of a payment that ended well. */
  COMPLETED,
  /** Event: the authorization is undone. Audited. */
  REVERSED,
  /** Event: what merchants hear of a payment that failed. */
  FAILED,
  /**
   * Event: a capture was accepted; it has its amount reserved, and the last word if it is final.
   */
  CAPTURE_STARTED,
  /** Event: a capture did not happen; nobody captures any more. */
  CAPTURE_FAILED,
  /** Event: the end of the authorization was accepted; it has the last word. */
  RELEASE_STARTED,
  /** Event: what was not captured is free. */
  RELEASED,
  /** Event: canceled, nothing is held. */
  CANCELED,
  /** Event: expired, nothing is held. */
  EXPIRED,
  /** Event: a refund was accepted; it has its amount reserved. */
  REFUND_CREATED,
  /** Event: the money is given back. */
  REFUNDED,
  /** Event: nothing was given back. */
  REFUND_FAILED,
  /** Event: a person must decide about the refund. */
  PARK_REFUND,
  /** Event, where there is something new to do for the payer. */
  SHOW_ACTION,
  /** Event: a person must decide. */
  PARK,
  /** Event: a person decided, the payment is what it was before it stood still. */
  RESUME,
  /** Event: the same of a refund. */
  RESUME_REFUND,

  /** Intent: ask the risk service. */
  INTEND_ASSESS,
  /** Intent: hold and authorize; how to undo it is registered with it. */
  INTEND_AUTHORIZE,
  /** Intent: capture and post. */
  INTEND_CAPTURE,
  /** Intent: free at the PSP and on the ledger what is not captured. */
  INTEND_VOID,
  /** Intent: hold, have it given back, post. */
  INTEND_REFUND,
  /** Intent: release the refund's hold; the PSP gives nothing back. */
  INTEND_REFUND_RELEASE,
  /** Intent: make available, take the fee. */
  INTEND_SETTLE,
  /** Intent: release the hold; the PSP refused, so it holds nothing. */
  INTEND_RELEASE,
  /** Intent: the registered compensation, PSP and ledger. */
  INTEND_REVERSAL,

  /** A saga of its own watches over the authorization until it is closed. */
  OPEN_AUTHORIZATION,
  /** Where nothing keeps a late authorize away, a saga of its own looks for it again. */
  LOOK_BACK,
  /** An authorization has appeared that nobody has any use for. Audited. */
  FOUND_LATE,
  /** A person must free what appeared at the PSP; the payment stays what it is. Audited. */
  PARK_LATE,
  /** Intent: free at the PSP what appeared there; the ledger holds nothing any more. */
  INTEND_RECLAIM,
  /** What appeared is free. Audited. */
  RECLAIMED,
  /** Remembers what the PSP reported. */
  BELIEVE,
  /** Waits for the PSP's report of the settlement. */
  EXPECT_SETTLEMENT,
  /** The report has not come for long. Audited. */
  REMIND,
  /** Looks again a little later. */
  LATER,

  /** Remembers why the payment fails. */
  NOTE_FAILURE,
  /** Remembers why the payment fails, and writes the attempt down. */
  TURN_BACK,
  /** Writes the attempt down. */
  NOTE_ATTEMPT,
  /** Begins to count how long it is unknown what happened. Audited. */
  DOUBT,
  /** The same action once more, after a pause; counted. */
  AGAIN,
  /** The same action once more, at once; counted. */
  AGAIN_NOW,
  /** The same as before, shortly; not counted, because nothing was sent. */
  SOON,
  /** The PSP is asked after a pause. */
  ASK_LATER,
  /** The compensation once more, after a pause. */
  UNDO_AGAIN,
  /** Doubt begins anew: the PSP is asked at once, and again as patiently as at first. */
  DOUBT_ANEW,
  /** The action is sent as if for the first time, under the same key; counted. */
  SEND_ANEW,
  /** What must be done at last is done again at once, or what is left of it; counted. */
  DO_ANEW
}
