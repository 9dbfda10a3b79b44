package dev.ducat.kernel.bus;

/** Why an ask got no answer. A timeout means unknown, never failed. */
public enum BusFailure {
  /** Nobody serves the address at the moment: the unit is moving to another node. Ask again. */
  NO_HANDLERS(1, true),
  /** No answer within the time given: the work may have been done. Ask the same again. */
  TIMEOUT(2, true),
  /** The one who was asked does not own the unit any more. Ask again. */
  NOT_OWNER(3, true),
  /** The mailbox is full. Nothing was done. */
  BUSY(4, false),
  /** The node is going away. Nothing was done. Ask again. */
  DRAINING(5, true),
  /** The work is not known to have happened: a dependency is down. Ask again later. */
  UNAVAILABLE(6, false),
  /** A defect. The message says which error id the log has. */
  INTERNAL(7, false),
  /** Whoever was asked calls the request itself wrong. Asking again changes nothing. */
  REJECTED(8, false);

  private final int code;
  private final boolean asksAgain;

  BusFailure(int code, boolean asksAgain) {
    this.code = code;
    this.asksAgain = asksAgain;
  }

  /** Whether the same ask, repeated now, is likely to find its handler. */
  public boolean asksAgain() {
    return asksAgain;
  }

  /** What the failure is called on the wire; never reused. */
  int code() {
    return code;
  }

  /** The failure of a code; INTERNAL for one that a newer node made up. */
  static BusFailure of(int code) {
    for (BusFailure failure : values()) {
      if (failure.code == code) {
        return failure;
      }
    }
    return INTERNAL;
  }
}
