package dev.ducat.kernel.bus;

/** Why an ask got no answer. A timeout means unknown, never failed. */
public enum BusFailure {
  /** Nobody serves the address at the moment: the unit is moving to another node. Ask again. */
  NO_HANDLERS(true),
  /** No answer within the time given: the work may have been done. Ask the same again. */
  TIMEOUT(true),
  /** The one who was asked does not own the unit any more. Ask again. */
  NOT_OWNER(true),
  /** The mailbox is full. Nothing was done. */
  BUSY(false),
  /** The node is going away. Nothing was done. Ask again. */
  DRAINING(true),
  /** The work is not known to have happened: a dependency is down. Ask again later. */
  UNAVAILABLE(false),
  /** A defect. The message says which error id the log has. */
  INTERNAL(false);

  private final boolean asksAgain;

  BusFailure(boolean asksAgain) {
    this.asksAgain = asksAgain;
  }

  /** Whether the same ask, repeated now, is likely to find its handler. */
  public boolean asksAgain() {
    return asksAgain;
  }
}
