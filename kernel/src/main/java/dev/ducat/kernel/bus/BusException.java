package dev.ducat.kernel.bus;

/** An ask that got no answer. */
public final class BusException extends RuntimeException {
  private final BusFailure failure;

  public BusException(BusFailure failure, String message) {
    // No stack trace: overload makes many of them, and the interesting stack is the other side's.
    super(message, null, false, false);
    this.failure = failure;
  }

  /** What went wrong. */
  public BusFailure failure() {
    return failure;
  }
}
