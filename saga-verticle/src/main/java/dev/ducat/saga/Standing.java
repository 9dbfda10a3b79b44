package dev.ducat.saga;

import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import java.util.UUID;

/**
 * A payment as it stands.
 *
 * @param payment what clients see
 * @param pendingCapture minor units reserved by a capture whose outcome is not known yet
 * @param pendingRefund minor units reserved by refunds whose outcome is not known yet
 * @param closing who has the last word on the authorization
 * @param settlementReported minor units of captures that the PSP reported as settled; counted only
 *     where settlement waits for reports
 * @param resting whether nothing more happens by itself soon
 */
public record Standing(
    Payment payment,
    long pendingCapture,
    long pendingRefund,
    Closing closing,
    long settlementReported,
    boolean resting) {
  public Standing {
    long authorized = payment.getAmountAuthorized().getMinorUnits();
    long captured = payment.getAmountCaptured().getMinorUnits();
    long refunded = payment.getAmountRefunded().getMinorUnits();
    if (pendingCapture < 0
        || pendingRefund < 0
        || settlementReported > captured
        || refunded + pendingRefund > captured
        || captured + pendingCapture > authorized
        || authorized > payment.getAmount().getMinorUnits()) {
      throw new IllegalArgumentException(
          "refunded %d, being refunded %d, captured %d, being captured %d, authorized %d of %s"
              .formatted(
                  refunded,
                  pendingRefund,
                  captured,
                  pendingCapture,
                  authorized,
                  payment.getPaymentId()));
    }
  }

  /** With so many more minor units reported as settled by the PSP. */
  Standing withSettlementReported(long more) {
    return new Standing(
        payment, pendingCapture, pendingRefund, closing, settlementReported + more, resting);
  }

  /** Whether the PSP, or the payer, has yet to decide about the authorization. */
  boolean isUndecided() {
    return payment.getState() == PaymentState.PAYMENT_STATE_PENDING
        || payment.getState() == PaymentState.PAYMENT_STATE_REQUIRES_ACTION;
  }

  UUID uuid() {
    return PaymentId.parse(payment.getPaymentId()).orElseThrow().uuid();
  }

  /** What a further capture may take. */
  static long capturable(long authorized, long captured, long pendingCapture, Closing closing) {
    return closing == Closing.NONE ? authorized - captured - pendingCapture : 0;
  }

  /** What a further refund may give back. */
  long refundable() {
    return payment.getAmountCaptured().getMinorUnits()
        - payment.getAmountRefunded().getMinorUnits()
        - pendingRefund;
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
