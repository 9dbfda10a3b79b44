package dev.ducat.saga;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.proto.connector.v1.AuthorizeRequest;
import dev.ducat.proto.connector.v1.CaptureRequest;
import dev.ducat.proto.connector.v1.VoidRequest;
import dev.ducat.proto.internal.v1.Compensation;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.Intent;
import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.type.v1.Money;

/**
 * Builds what a saga is about to do, complete. Every effect gets an id or key derived from (saga,
 * step, leg): whoever asks again, on whatever node, asks for the same effect.
 */
final class Intents {
  private Intents() {}

  static String operationKey(Claim claim, String label) {
    return claim.sagaText() + "/" + label;
  }

  static String transferId(Claim claim, String label) {
    return IdKind.TRANSFER.text(Ids.derive(claim.sagaId(), label));
  }

  /** Hold the amount on the ledger, then ask the PSP to authorize it. */
  static Intent authorize(Claim claim, Payment payment) {
    NewTransfer hold =
        NewTransfer.newBuilder()
            .setTransferId(transferId(claim, "authorize/hold"))
            .setKind(TransferKind.TRANSFER_KIND_HOLD)
            .setDebitAccount(receivable(payment))
            .setCreditAccount(pending(payment))
            .setAmount(payment.getAmount())
            .setReference(payment.getPaymentId())
            .build();
    AuthorizeRequest call =
        AuthorizeRequest.newBuilder()
            .setOperationKey(operationKey(claim, "authorize"))
            .setTenant(claim.tenant())
            .setPaymentId(payment.getPaymentId())
            .setMerchantAccount(payment.getMerchantAccount())
            .setPaymentMethod(payment.getPaymentMethod())
            .setAmount(payment.getAmount())
            .setCaptureMode(payment.getCaptureMode())
            .setReference(payment.getReference())
            .setDescription(payment.getDescription())
            .putAllMetadata(payment.getMetadataMap())
            .build();
    return Intent.newBuilder()
        .setLedgerBefore(group(claim).addTransfers(hold))
        .setConnectorCall(ConnectorCall.newBuilder().setAuthorize(call))
        .build();
  }

  /**
   * Undoing the authorize step: void at the PSP under the authorize's key, then release the hold.
   * Both are tolerant of an authorize that never ran, and keep it from taking effect later.
   */
  static Compensation reversal(Claim claim, Payment payment, String authorizationReference) {
    VoidRequest call =
        VoidRequest.newBuilder()
            .setOperationKey(operationKey(claim, "authorize/void"))
            .setAuthorizationKey(operationKey(claim, "authorize"))
            .setAuthorizationReference(authorizationReference)
            .setTenant(claim.tenant())
            .setPaymentId(payment.getPaymentId())
            .setMerchantAccount(payment.getMerchantAccount())
            .setPaymentMethod(payment.getPaymentMethod())
            .setAmount(payment.getAmount())
            .build();
    NewTransfer release =
        NewTransfer.newBuilder()
            .setTransferId(transferId(claim, "authorize/void"))
            .setKind(TransferKind.TRANSFER_KIND_VOID_HOLD)
            .setHoldId(transferId(claim, "authorize/hold"))
            .setReference(payment.getPaymentId())
            .build();
    return Compensation.newBuilder()
        .setStep(Step.AUTHORIZE.name())
        .setIntent(
            Intent.newBuilder()
                .setConnectorCall(ConnectorCall.newBuilder().setVoid(call))
                .setLedgerAfter(group(claim).addTransfers(release)))
        .build();
  }

  /** Capture at the PSP, then post the hold and settle. */
  static Intent capture(Claim claim, Payment payment, SagaData data) {
    CaptureRequest call =
        CaptureRequest.newBuilder()
            .setOperationKey(operationKey(claim, "capture"))
            .setAuthorizationKey(data.getAuthorizationKey())
            .setAuthorizationReference(data.getAuthorizationReference())
            .setTenant(claim.tenant())
            .setPaymentId(payment.getPaymentId())
            .setMerchantAccount(payment.getMerchantAccount())
            .setPaymentMethod(payment.getPaymentMethod())
            .setAmount(payment.getAmount())
            .setFinalCapture(true)
            .build();
    NewTransfer post =
        NewTransfer.newBuilder()
            .setTransferId(transferId(claim, "capture/post"))
            .setKind(TransferKind.TRANSFER_KIND_POST_HOLD)
            .setAmount(payment.getAmount())
            .setHoldId(data.getHoldId())
            .setReference(payment.getPaymentId())
            .build();
    return Intent.newBuilder()
        .setConnectorCall(ConnectorCall.newBuilder().setCapture(call))
        .setLedgerAfter(group(claim).addTransfers(post))
        .setLedgerSettle(settlement(claim, payment, payment.getAmount(), data.getFee()))
        .build();
  }

  /** Make the merchant's pending funds available, and take the fee from them, or neither. */
  static Intent settle(Claim claim, Payment payment, Money fee) {
    return Intent.newBuilder()
        .setLedgerBefore(settlement(claim, payment, payment.getAmountCaptured(), fee))
        .build();
  }

  private static TransferGroup settlement(Claim claim, Payment payment, Money captured, Money fee) {
    String available = "merchant:" + payment.getMerchantAccount() + ":available";
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

  private static String receivable(Payment payment) {
    return "psp_receivable:" + payment.getConnector();
  }

  private static String pending(Payment payment) {
    return "merchant:" + payment.getMerchantAccount() + ":pending";
  }
}
