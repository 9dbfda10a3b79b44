package dev.ducat.saga;

import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;

/**
 * A payment as it stands.
 *
 * @param payment what clients see
 * @param pendingCapture minor units reserved by a capture whose outcome is not known yet
 * @param resting whether nothing more happens by itself soon
 */
public record Standing(Payment payment, long pendingCapture, boolean resting) {
  public Standing {
    long authorized = payment.getAmountAuthorized().getMinorUnits();
    long captured = payment.getAmountCaptured().getMinorUnits();
    long refunded = payment.getAmountRefunded().getMinorUnits();
    if (pendingCapture < 0
        || refunded > captured
        || captured + pendingCapture > authorized
        || authorized > payment.getAmount().getMinorUnits()) {
      throw new IllegalArgumentException(
          "refunded %d, captured %d, being captured %d, authorized %d of %s"
              .formatted(refunded, captured, pendingCapture, authorized, payment.getPaymentId()));
    }
  }

  /** Whether a payment in this state can never leave it. */
  public static boolean isTerminal(PaymentState state) {
    return switch (state) {
      case PAYMENT_STATE_SETTLED,
          PAYMENT_STATE_CANCELED,
          PAYMENT_STATE_EXPIRED,
          PAYMENT_STATE_FAILED ->
          true;
      case PAYMENT_STATE_UNSPECIFIED,
          PAYMENT_STATE_PENDING,
          PAYMENT_STATE_REQUIRES_ACTION,
          PAYMENT_STATE_AUTHORIZED,
          PAYMENT_STATE_CAPTURED,
          PAYMENT_STATE_NEEDS_ATTENTION,
          UNRECOGNIZED ->
          false;
    };
  }
}
