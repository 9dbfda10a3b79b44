package dev.ducat.saga;

/** What a saga does about its current step. The names are stored. */
public enum Phase {
  /** The step's action is on its way, or waits to be tried again. */
  ACT,
  /** The action may have happened: the PSP is asked before anything else is done. */
  ASK,
  /** The PSP has it and decides later: it is asked on schedule. */
  AWAIT,
  /** The PSP reported by itself that it is done: what follows on it is booked. */
  TOLD,
  /** Nothing is done until its time comes or somebody else ends it. */
  OPEN,
  /** The step's own action was refused: what it had prepared is released. */
  RELEASE,
  /** A later step failed: what this step did is undone. */
  UNDO,
  /** A person must decide. */
  PARKED,
  /** Over, nothing was undone. */
  ENDED,
  /** Over, everything that was done is undone. */
  UNDONE;

  /** Whether nothing follows, ever. */
  public boolean isOver() {
    return this == ENDED || this == UNDONE;
  }

  /** Whether something is being undone. */
  public boolean isUndoing() {
    return this == RELEASE || this == UNDO;
  }
}
