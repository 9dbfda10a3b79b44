package dev.ducat.saga;

import dev.ducat.kernel.money.Currencies;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.type.v1.Money;
import org.jspecify.annotations.Nullable;

/**
 * The validate step: what a payment looks like before anything moved, and whether it may move at
 * all.
 */
final class Validation {
  private Validation() {}

  /** The payment a request asks for, at version 0: its first event makes it 1. */
  static Standing draft(Claim claim, CreatePaymentRequest request, SagaSettings settings) {
    Money zero = Money.newBuilder().setCurrencyCode(request.getAmount().getCurrencyCode()).build();
    String connector =
        !request.getConnector().isEmpty()
            ? request.getConnector()
            : Wallets.isWallet(request.getPaymentMethod())
                ? Wallets.CONNECTOR
                : settings.defaultConnector();
    Payment payment =
        Payment.newBuilder()
            .setPaymentId(claim.paymentId().text())
            .setState(PaymentState.PAYMENT_STATE_PENDING)
            .setAmount(request.getAmount())
            .setAmountAuthorized(zero)
            .setAmountCaptured(zero)
            .setAmountRefunded(zero)
            .setAmountCapturable(zero)
            .setPaymentMethod(request.getPaymentMethod())
            .setMerchantAccount(request.getMerchantAccount())
            .setConnector(connector)
            .setCaptureMode(
                request.getCaptureMode() == CaptureMode.CAPTURE_MODE_MANUAL
                    ? CaptureMode.CAPTURE_MODE_MANUAL
                    : CaptureMode.CAPTURE_MODE_AUTOMATIC)
            .setReference(request.getReference())
            .setDescription(request.getDescription())
            .putAllMetadata(request.getMetadataMap())
            .setIdempotencyKey(claim.idempotencyKey())
            .setCreateTime(Times.toProto(claim.createdAt()))
            .setUpdateTime(Times.toProto(claim.createdAt()))
            .build();
    return new Standing(payment, 0, 0, Closing.NONE, 0, false);
  }

  /** What the saga fixes for its whole life, whatever the configuration says later. */
  static SagaData data(Payment payment, SagaSettings settings) {
    Fee fee = settings.feeOf(payment.getMerchantAccount());
    return SagaData.newBuilder()
        .setConnector(payment.getConnector())
        .setFee(
            payment.getAmount().toBuilder()
                .setMinorUnits(fee.of(payment.getAmount().getMinorUnits())))
        .setFeeBasisPoints(fee.basisPoints())
        .setFeeFixedMinorUnits(fee.fixedMinorUnits())
        .setSettlesOnReport(settings.settlesOnReport(payment.getConnector()))
        .build();
  }

  /** Why a request is no payment's at all, which is not recorded; null when it is one. */
  static @Nullable Refusal refusalOf(CreatePaymentRequest request, SagaSettings settings) {
    boolean onLedger = request.getConnector().equals(Wallets.CONNECTOR);
    boolean anywhere = request.getConnector().isEmpty();
    if (!anywhere && !onLedger && !settings.connectors().containsKey(request.getConnector())) {
      return Answer.invalid("connector", "no connector of this name is configured");
    }
    return !anywhere && onLedger != Wallets.isWallet(request.getPaymentMethod())
        ? Answer.invalid("payment_method", "wallets, and only they, pay on the ledger")
        : null;
  }

  /** Why the payment may not be made, recorded as a failed payment; null when it may. */
  static Outcome.@Nullable Declined check(String tenant, Payment payment, SagaSettings settings) {
    Money amount = payment.getAmount();
    if (!Currencies.isKnown(amount.getCurrencyCode())) {
      return new Outcome.Declined(
          "CURRENCY_UNSUPPORTED", "currency " + amount.getCurrencyCode() + " is not supported");
    }
    if (amount.getMinorUnits() > settings.amountMax()) {
      return new Outcome.Declined(
          "LIMIT_EXCEEDED", "at most " + settings.amountMax() + " minor units per payment");
    }
    return settings.limits().refusalOf(tenant, payment);
  }
}
