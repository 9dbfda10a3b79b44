package dev.ducat.saga;

import org.jspecify.annotations.Nullable;

/** What a saga carries out. The names are stored. */
public enum SagaKind {
  /** CreatePayment: a payment from its request to its end, or to its open authorization. */
  PAYMENT("CreatePayment"),
  /** CapturePayment. */
  CAPTURE("CapturePayment"),
  /** CancelPayment. */
  CANCEL("CancelPayment"),
  /** RefundPayment. */
  REFUND("RefundPayment"),
  /**
   * The clock: an authorization that is open for captures, until it lapses. Its saga is also where
   * the operations on the payment find what they need to know about the authorization.
   */
  EXPIRE(null),
  /**
   * The PSP may still do, or reports that it did, what had been given up and undone: an
   * authorization of which nobody has any use. It leaves the payment as it is.
   */
  RECLAIM(null);

  private final @Nullable String method;

  SagaKind(@Nullable String method) {
    this.method = method;
  }

  /** The method whose idempotency keys it is claimed by; null for what nobody asks for. */
  public @Nullable String method() {
    return method;
  }
}
