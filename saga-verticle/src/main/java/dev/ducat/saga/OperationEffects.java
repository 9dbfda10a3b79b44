package dev.ducat.saga;

import static dev.ducat.saga.Failures.reference;

import dev.ducat.kernel.id.Ids;
import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.payments.v1.Failure;
import dev.ducat.proto.payments.v1.PaymentCanceled;
import dev.ducat.proto.payments.v1.PaymentCaptureFailed;
import dev.ducat.proto.payments.v1.PaymentCaptureStarted;
import dev.ducat.proto.payments.v1.PaymentEventDetail;
import dev.ducat.proto.payments.v1.PaymentExpired;
import dev.ducat.proto.payments.v1.PaymentReleaseStarted;
import dev.ducat.proto.payments.v1.PaymentRemainderReleased;
import dev.ducat.proto.payments.v1.PaymentResumed;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundCreated;
import dev.ducat.proto.payments.v1.RefundFailed;
import dev.ducat.proto.payments.v1.RefundNeedsAttention;
import dev.ducat.proto.payments.v1.RefundState;
import dev.ducat.proto.payments.v1.RefundSucceeded;
import dev.ducat.proto.payments.v1.ReleaseCause;
import dev.ducat.proto.type.v1.Money;
import java.time.Instant;
import java.util.Map;

/** What the operations on a payment tell, and what becomes of the payment and its refunds. */
final class OperationEffects {
  private final Draft draft;

  OperationEffects(Draft draft) {
    this.draft = draft;
  }

  // ---- capture

  void captureStarted() {
    draft.pendingCapture = draft.data.getAmount().getMinorUnits();
    if (draft.data.getFinalCapture()) {
      draft.closing = Closing.CAPTURE;
    }
    draft.event(
        PaymentEventDetail.newBuilder()
            .setCaptureStarted(
                PaymentCaptureStarted.newBuilder()
                    .setAmount(draft.data.getAmount())
                    .setFinalCapture(draft.data.getFinalCapture())));
  }

  /** Who asked to keep the rest could not know that there will be no further capture. */
  void captureFailed() {
    Failure failure = draft.data.getFailure();
    draft.closing = Closing.CAPTURE;
    draft.pendingCapture = 0;
    draft.event(
        PaymentEventDetail.newBuilder()
            .setCaptureFailed(
                PaymentCaptureFailed.newBuilder()
                    .setAmount(draft.data.getAmount())
                    .setFailure(failure)));
    draft.audit(
        "compensation",
        "give_capture_up",
        failure.getCode() + ": " + failure.getMessage(),
        Map.of("saga_id", draft.claim().sagaText(), "failed_step", failure.getStep()));
  }

  /** A saga that sleeps until the authorization lapses, unless it is closed before. */
  Saga openAuthorization() {
    Claim claim = draft.claim();
    Instant expires = Times.fromProto(draft.payment.getAuthorizationExpireTime());
    Claim clock =
        new Claim(
            Ids.derive(claim.sagaId(), "expire"),
            SagaKind.EXPIRE,
            claim.definitionVersion(),
            claim.tenant(),
            claim.shard(),
            claim.paymentId(),
            "",
            Instant.MAX,
            com.google.protobuf.ByteString.EMPTY,
            com.google.protobuf.ByteString.EMPTY,
            claim.traceparent(),
            draft.now);
    SagaData known =
        SagaData.newBuilder()
            .setConnector(draft.data.getConnector())
            .setAuthorizationKey(draft.data.getAuthorizationKey())
            .setAuthorizationReference(draft.data.getAuthorizationReference())
            .setHoldId(draft.data.getHoldId())
            .setFeeBasisPoints(draft.data.getFeeBasisPoints())
            .setFeeFixedMinorUnits(draft.data.getFeeFixedMinorUnits())
            .setSettlesOnReport(draft.data.getSettlesOnReport())
            .build();
    return new Saga(clock, Step.EXPIRE, Phase.OPEN, 0, expires, 1, known);
  }

  // ---- cancel and expire

  void releaseStarted() {
    boolean canceled = draft.claim().kind() == SagaKind.CANCEL;
    Money rest = draft.money(draft.freeable());
    draft.closing = canceled ? Closing.CANCEL : Closing.EXPIRE;
    draft.data.setAmount(rest);
    draft.event(
        PaymentEventDetail.newBuilder()
            .setReleaseStarted(
                PaymentReleaseStarted.newBuilder()
                    .setAmount(rest)
                    .setCause(
                        canceled
                            ? ReleaseCause.RELEASE_CAUSE_CANCELED
                            : ReleaseCause.RELEASE_CAUSE_EXPIRED)
                    .setReason(draft.data.getReason())));
  }

  /** After captures: what they took goes on to settle. */
  void released() {
    draft.payment.setState(PaymentState.PAYMENT_STATE_CAPTURED).clearFailure();
    draft.event(
        PaymentEventDetail.newBuilder()
            .setRemainderReleased(
                PaymentRemainderReleased.newBuilder()
                    .setAmount(draft.money(draft.rest()))
                    .setTransferId(Intents.transferId(draft.claim(), "release"))));
  }

  void canceled() {
    Money held = draft.payment.getAmountAuthorized();
    draft.nothingHeld();
    draft.payment.setState(PaymentState.PAYMENT_STATE_CANCELED).clearNextAction().clearFailure();
    draft.event(
        PaymentEventDetail.newBuilder()
            .setCanceled(
                PaymentCanceled.newBuilder()
                    .setAmount(held)
                    .setReason(draft.data.getReason())
                    .setConnectorReference(reference(draft.done().connectorReference()))
                    .setTransferId(Intents.transferId(draft.claim(), "release"))));
  }

  void expired() {
    Money held = draft.payment.getAmountAuthorized();
    draft.nothingHeld();
    draft.payment.setState(PaymentState.PAYMENT_STATE_EXPIRED).clearNextAction().clearFailure();
    draft.event(
        PaymentEventDetail.newBuilder()
            .setExpired(
                PaymentExpired.newBuilder()
                    .setAmount(held)
                    .setConnectorReference(reference(draft.done().connectorReference()))
                    .setTransferId(Intents.transferId(draft.claim(), "release"))));
  }

  // ---- refund

  void refundCreated() {
    draft.pendingRefund += amountOfRefund();
    Refund refund = refund(RefundState.REFUND_STATE_PENDING);
    draft.tell(
        PaymentEventDetail.newBuilder()
            .setRefundCreated(RefundCreated.newBuilder().setRefund(refund)));
  }

  void refunded() {
    draft.pendingRefund -= amountOfRefund();
    draft.payment.setAmountRefunded(
        draft.money(draft.payment.getAmountRefunded().getMinorUnits() + amountOfRefund()));
    draft.data.getRefundBuilder().clearFailure();
    Refund refund = refund(RefundState.REFUND_STATE_SUCCEEDED);
    draft.tell(
        PaymentEventDetail.newBuilder()
            .setRefundSucceeded(
                RefundSucceeded.newBuilder()
                    .setRefund(refund)
                    .setConnectorReference(reference(draft.done().connectorReference()))
                    .setTransferId(Intents.transferId(draft.claim(), "refund/post"))));
  }

  void refundFailed() {
    draft.pendingRefund -= amountOfRefund();
    draft.data.getRefundBuilder().setFailure(draft.data.getFailure());
    Refund refund = refund(RefundState.REFUND_STATE_FAILED);
    draft.tell(
        PaymentEventDetail.newBuilder()
            .setRefundFailed(RefundFailed.newBuilder().setRefund(refund)));
  }

  /** The payment itself stays what it was: only this refund waits for a person. */
  void parkRefund() {
    draft.data.getRefundBuilder().setFailure(Failures.of(draft.before, draft.outcome));
    Refund refund = refund(RefundState.REFUND_STATE_NEEDS_ATTENTION);
    draft.tell(
        PaymentEventDetail.newBuilder()
            .setRefundNeedsAttention(
                RefundNeedsAttention.newBuilder()
                    .setRefund(refund)
                    .setSagaId(draft.claim().sagaText())));
  }

  void resumedRefund() {
    draft.data.getRefundBuilder().clearFailure();
    Refund refund = refund(RefundState.REFUND_STATE_PENDING);
    draft.tell(
        PaymentEventDetail.newBuilder()
            .setResumed(
                PaymentResumed.newBuilder().setSagaId(draft.claim().sagaText()).setRefund(refund)));
  }

  private long amountOfRefund() {
    return draft.data.getRefund().getAmount().getMinorUnits();
  }

  /** The refund in this state, at the payment's next version, which it makes. */
  private Refund refund(RefundState state) {
    draft.nextVersion();
    return draft
        .data
        .getRefundBuilder()
        .setState(state)
        .setPaymentVersion(draft.payment.getVersion())
        .setUpdateTime(Times.toProto(draft.now))
        .build();
  }
}
