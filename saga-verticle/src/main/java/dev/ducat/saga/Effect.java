package dev.ducat.saga;

/**
 * What a transition does besides moving on. The table names them, {@link Transition} carries them
 * out.
 */
enum Effect {
  /** Event: the payment exists. */
  CREATED,
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
  /** Event, where there is something new to do for the payer. */
  SHOW_ACTION,
  /** Event: a person must decide. */
  PARK,

  /** Intent: hold and authorize; how to undo it is registered with it. */
  INTEND_AUTHORIZE,
  /** Intent: capture and post. */
  INTEND_CAPTURE,
  /** Intent: make available, take the fee. */
  INTEND_SETTLE,
  /** Intent: release the hold; the PSP refused, so it holds nothing. */
  INTEND_RELEASE,
  /** Intent: the registered compensation, PSP and ledger. */
  INTEND_REVERSAL,

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
  UNDO_AGAIN
}
