package dev.ducat.saga;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.proto.connector.v1.AuthorizeRequest;
import dev.ducat.proto.connector.v1.CaptureRequest;
import dev.ducat.proto.connector.v1.RefundRequest;
import dev.ducat.proto.connector.v1.VoidRequest;
import dev.ducat.proto.internal.v1.Compensation;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.Intent;
import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.type.v1.Money;

/**
 * Builds what a saga is about to do, complete. Every effect gets an id or key derived from (saga,
 * step, leg): whoever asks again, on whatever node, asks for the same effect.
 */
final class Intents {
  /** What a capture of a part leaves held is known by this. */
  static final String REST_LABEL = "capture/rest";

  private Intents() {}

  static String operationKey(Claim claim, String label) {
    return claim.sagaText() + "/" + label;
  }

  static String transferId(Claim claim, String label) {
    return IdKind.TRANSFER.text(Ids.derive(claim.sagaId(), label));
  }

  /** The key of a payment's authorize, whichever of its sagas asks: its own saga has its id. */
  static String authorizeKey(Claim claim) {
    return IdKind.SAGA.text(claim.paymentId().uuid()) + "/authorize";
  }

  /** What is known of an authorize that was sent and never was known to be done. */
  static SagaData.Builder unanswered(Claim claim, SagaData data) {
    return data.toBuilder()
        .setAuthorizationKey(authorizeKey(claim))
        .setHoldId(IdKind.TRANSFER.text(Ids.derive(claim.paymentId().uuid(), "authorize/hold")));
  }

  /** Hold the amount on the ledger, then ask the PSP to authorize it. */
  static Intent authorize(Claim claim, Payment payment) {
    NewTransfer hold =
        NewTransfer.newBuilder()
            .setTransferId(transferId(claim, "authorize/hold"))
            .setKind(TransferKind.TRANSFER_KIND_HOLD)
            .setDebitAccount(payer(payment))
            .setCreditAccount(pending(payment))
            .setAmount(payment.getAmount())
            .setReference(payment.getPaymentId())
            .build();
    Intent.Builder intent = Intent.newBuilder().setLedgerBefore(group(claim).addTransfers(hold));
    return Wallets.pays(payment)
        ? intent.build()
        : intent.setConnectorCall(authorizeCall(claim, payment)).build();
  }

  private static ConnectorCall authorizeCall(Claim claim, Payment payment) {
    return ConnectorCall.newBuilder()
        .setAuthorize(
            AuthorizeRequest.newBuilder()
                .setOperationKey(authorizeKey(claim))
                .setTenant(claim.tenant())
                .setPaymentId(payment.getPaymentId())
                .setMerchantAccount(payment.getMerchantAccount())
                .setPaymentMethod(payment.getPaymentMethod())
                .setAmount(payment.getAmount())
                .setCaptureMode(payment.getCaptureMode())
                .setReference(payment.getReference())
                .setDescription(payment.getDescription())
                .putAllMetadata(payment.getMetadataMap()))
        .build();
  }

  /** The authorize of a payment that was given up: only ever asked about, never sent. */
  static Intent lookBack(Claim claim, Payment payment) {
    return Intent.newBuilder().setConnectorCall(authorizeCall(claim, payment)).build();
  }

  /** Free what appeared at the PSP, under a key of its own; on the ledger nothing is held. */
  static Intent reclaim(Claim claim, Payment payment, SagaData data) {
    return release(claim, payment, data, payment.getAmount()).toBuilder()
        .clearLedgerAfter()
        .build();
  }

  /**
   * Undoing an authorization of which nothing is captured: void at the PSP under the authorize's
   * key, then release the hold. Both are tolerant of an authorize that never ran, and keep it from
   * taking effect later.
   */
  static Compensation reversal(Claim claim, Payment payment, SagaData data) {
    return Compensation.newBuilder()
        .setStep(Step.AUTHORIZE.name())
        .setIntent(free(claim, payment, data, payment.getAmount(), "authorize/void"))
        .build();
  }

  /** Free what is authorized and not captured: at the PSP first, then on the ledger. */
  static Intent release(Claim claim, Payment payment, SagaData data, Money rest) {
    return free(claim, payment, data, rest, "release");
  }

  private static Intent free(
      Claim claim, Payment payment, SagaData data, Money amount, String label) {
    VoidRequest call =
        VoidRequest.newBuilder()
            .setOperationKey(operationKey(claim, label))
            .setAuthorizationKey(data.getAuthorizationKey())
            .setAuthorizationReference(data.getAuthorizationReference())
            .setTenant(claim.tenant())
            .setPaymentId(payment.getPaymentId())
            .setMerchantAccount(payment.getMerchantAccount())
            .setPaymentMethod(payment.getPaymentMethod())
            .setAmount(amount)
            .build();
    NewTransfer release =
        NewTransfer.newBuilder()
            .setTransferId(transferId(claim, label))
            .setKind(TransferKind.TRANSFER_KIND_VOID_HOLD)
            .setHoldId(data.getHoldId())
            .setReference(payment.getPaymentId())
            .build();
    Intent.Builder intent = Intent.newBuilder().setLedgerAfter(group(claim).addTransfers(release));
    return Wallets.pays(payment)
        ? intent.build()
        : intent.setConnectorCall(ConnectorCall.newBuilder().setVoid(call)).build();
  }

  /**
   * What a capture takes.
   *
   * @param last whether no further capture follows
   * @param leavesRest whether something stays held after it, under {@link #REST_LABEL}
   */
  record Taking(Money amount, boolean last, boolean leavesRest) {}

  /**
   * Capture at the PSP, then post the hold, whole or in part; and settle, where nothing of the
   * outside lies between.
   */
  static Intent capture(Claim claim, Payment payment, SagaData data, Taking taking) {
    CaptureRequest call =
        CaptureRequest.newBuilder()
            .setOperationKey(operationKey(claim, "capture"))
            .setAuthorizationKey(data.getAuthorizationKey())
            .setAuthorizationReference(data.getAuthorizationReference())
            .setTenant(claim.tenant())
            .setPaymentId(payment.getPaymentId())
            .setMerchantAccount(payment.getMerchantAccount())
            .setPaymentMethod(payment.getPaymentMethod())
            .setAmount(taking.amount())
            .setFinalCapture(taking.last())
            .build();
    NewTransfer.Builder post =
        NewTransfer.newBuilder()
            .setTransferId(transferId(claim, "capture/post"))
            .setKind(TransferKind.TRANSFER_KIND_POST_HOLD)
            .setAmount(taking.amount())
            .setHoldId(data.getHoldId())
            .setReference(payment.getPaymentId());
    if (taking.leavesRest()) {
      // Also where it will be released at once: until the PSP has freed it, it stays held.
      post.setKeepRemainder(true).setRemainderHoldId(transferId(claim, REST_LABEL));
    }
    Intent.Builder intent = Intent.newBuilder().setLedgerAfter(group(claim).addTransfers(post));
    if (!Wallets.pays(payment)) {
      intent.setConnectorCall(ConnectorCall.newBuilder().setCapture(call));
    }
    if (!taking.leavesRest() && !data.getSettlesOnReport()) {
      long before = payment.getAmountCaptured().getMinorUnits();
      long captured = before + taking.amount().getMinorUnits();
      Money all = taking.amount().toBuilder().setMinorUnits(captured).build();
      intent.setLedgerSettle(settlement(claim, payment, all, data.getFee()));
    }
    return intent.build();
  }

  /** Hold what is given back, ask the PSP to give it back, post it. */
  static Intent refund(Claim claim, Payment payment, SagaData data) {
    Refund refund = data.getRefund();
    NewTransfer hold =
        NewTransfer.newBuilder()
            .setTransferId(transferId(claim, "refund/hold"))
            .setKind(TransferKind.TRANSFER_KIND_HOLD)
            .setDebitAccount(available(payment))
            .setCreditAccount(payer(payment))
            .setAmount(refund.getAmount())
            .setReference(payment.getPaymentId())
            .build();
    RefundRequest call =
        RefundRequest.newBuilder()
            .setOperationKey(operationKey(claim, "refund"))
            .setAuthorizationKey(data.getAuthorizationKey())
            .setCaptureKey(data.getCaptureKey())
            .setCaptureReference(data.getCaptureReference())
            .setTenant(claim.tenant())
            .setPaymentId(payment.getPaymentId())
            .setRefundId(refund.getRefundId())
            .setMerchantAccount(payment.getMerchantAccount())
            .setPaymentMethod(payment.getPaymentMethod())
            .setAmount(refund.getAmount())
            .build();
    NewTransfer post =
        NewTransfer.newBuilder()
            .setTransferId(transferId(claim, "refund/post"))
            .setKind(TransferKind.TRANSFER_KIND_POST_HOLD)
            .setAmount(refund.getAmount())
            .setHoldId(hold.getTransferId())
            .setReference(payment.getPaymentId())
            .build();
    Intent.Builder intent =
        Intent.newBuilder()
            .setLedgerBefore(group(claim).addTransfers(hold))
            .setLedgerAfter(group(claim).addTransfers(post));
    return Wallets.pays(payment)
        ? intent.build()
        : intent.setConnectorCall(ConnectorCall.newBuilder().setRefund(call)).build();
  }

  /** The PSP gives nothing back: what was held for it is the merchant's again. */
  static Intent refundRelease(Claim claim) {
    NewTransfer release =
        NewTransfer.newBuilder()
            .setTransferId(transferId(claim, "refund/void"))
            .setKind(TransferKind.TRANSFER_KIND_VOID_HOLD)
            .setHoldId(transferId(claim, "refund/hold"))
            .setReference(claim.paymentId().text())
            .build();
    return Intent.newBuilder().setLedgerAfter(group(claim).addTransfers(release)).build();
  }

  /** Make the merchant's pending funds available, and take the fee from them, or neither. */
  static Intent settle(Claim claim, Payment payment, Money fee) {
    return Intent.newBuilder()
        .setLedgerBefore(settlement(claim, payment, payment.getAmountCaptured(), fee))
        .build();
  }

  private static TransferGroup settlement(Claim claim, Payment payment, Money captured, Money fee) {
    String available = available(payment);
    boolean hasFee = fee.getMinorUnits() > 0;
    TransferGroup.Builder group =
        group(claim)
            .setAtomic(true)
            .addTransfers(
                NewTransfer.newBuilder()
                    .setTransferId(transferId(claim, "settle/available"))
                    .setKind(TransferKind.TRANSFER_KIND_POST)
                    .setDebitAccount(pending(payment))
                    .setCreditAccount(available)
                    .setAmount(captured)
                    .setLinked(hasFee)
                    .setReference(payment.getPaymentId()));
    if (hasFee) {
      group.addTransfers(
          NewTransfer.newBuilder()
              .setTransferId(transferId(claim, "settle/fee"))
              .setKind(TransferKind.TRANSFER_KIND_POST)
              .setDebitAccount(available)
              .setCreditAccount("fees")
              .setAmount(fee)
              .setReference(payment.getPaymentId()));
    }
    return group.build();
  }

  private static TransferGroup.Builder group(Claim claim) {
    return TransferGroup.newBuilder()
        .setTenant(claim.tenant())
        .setPlatform(true)
        .setTraceparent(claim.traceparent());
  }

  /** Where the money comes from, and goes back to: the PSP that owes it, or the payer's wallet. */
  private static String payer(Payment payment) {
    return Wallets.pays(payment)
        ? payment.getPaymentMethod()
        : "psp_receivable:" + payment.getConnector();
  }

  private static String available(Payment payment) {
    return "merchant:" + payment.getMerchantAccount() + ":available";
  }

  private static String pending(Payment payment) {
    return "merchant:" + payment.getMerchantAccount() + ":pending";
  }
}
