package dev.ducat.saga;

import static dev.ducat.saga.Failures.reference;

import dev.ducat.proto.internal.v1.Assessment;
import dev.ducat.proto.internal.v1.Intent;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.Failure;
import dev.ducat.proto.payments.v1.PaymentAuthorizationReversed;
import dev.ducat.proto.payments.v1.PaymentAuthorized;
import dev.ducat.proto.payments.v1.PaymentCaptured;
import dev.ducat.proto.payments.v1.PaymentCompleted;
import dev.ducat.proto.payments.v1.PaymentCreated;
import dev.ducat.proto.payments.v1.PaymentEventDetail;
import dev.ducat.proto.payments.v1.PaymentFailed;
import dev.ducat.proto.payments.v1.PaymentNeedsAttention;
import dev.ducat.proto.payments.v1.PaymentRequiresAction;
import dev.ducat.proto.payments.v1.PaymentResumed;
import dev.ducat.proto.payments.v1.PaymentSettled;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.risk.v1.Verdict;
import dev.ducat.proto.type.v1.Money;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** What the steps from request to settlement tell, and what becomes of the payment with it. */
final class PaymentEffects {
  private final Draft draft;

  PaymentEffects(Draft draft) {
    this.draft = draft;
  }

  void created() {
    draft.event(
        PaymentEventDetail.newBuilder()
            .setCreated(PaymentCreated.newBuilder().setAmount(draft.payment.getAmount())));
  }

  void assessed() {
    if (!(draft.outcome instanceof Outcome.Assessed assessed)) {
      throw new IllegalStateException("no verdict, but " + draft.outcome);
    }
    Assessment assessment = assessed.assessment();
    draft.data.setAssessment(assessment);
    if (assessment.getVerdict() == Verdict.VERDICT_REVIEW) {
      draft.audit(
          "risk_review",
          "review_payment",
          Assessments.reasonOf(assessment),
          Map.of(
              "saga_id", draft.claim().sagaText(),
              "assessment_reference", assessment.getReference()));
    }
  }

  /**
   * The amount is held.
   *
   * @param lifetime how long, where the PSP does not say
   */
  void authorized(Duration lifetime) {
    Outcome.Done done = draft.done();
    draft
        .data
        .setAuthorizationKey(Intents.authorizeKey(draft.claim()))
        .setAuthorizationReference(reference(done.connectorReference()))
        .setHoldId(Intents.transferId(draft.claim(), "authorize/hold"));
    draft
        .payment
        .setState(PaymentState.PAYMENT_STATE_AUTHORIZED)
        .clearNextAction()
        .clearFailure()
        .setAmountAuthorized(draft.payment.getAmount());
    PaymentAuthorized.Builder detail =
        PaymentAuthorized.newBuilder()
            .setAmount(draft.payment.getAmount())
            .setConnectorReference(draft.data.getAuthorizationReference())
            .setHoldId(draft.data.getHoldId());
    Instant expires = done.authorizationExpireTime();
    if (draft.payment.getCaptureMode() == CaptureMode.CAPTURE_MODE_MANUAL) {
      expires = expires == null ? draft.now.plus(lifetime) : expires;
      draft.payment.setAuthorizationExpireTime(Times.toProto(expires));
    } else {
      // The capture follows in the same commit: all of it is being captured, so nothing is
      // capturable.
      draft.pendingCapture = draft.payment.getAmount().getMinorUnits();
    }
    if (expires != null) {
      detail.setAuthorizationExpireTime(Times.toProto(expires));
    }
    draft.event(PaymentEventDetail.newBuilder().setAuthorized(detail));
  }

  /** A capture took its amount: all of it, or, asked for by a client, a part. */
  void captured() {
    boolean last = draft.before.claim().kind() == SagaKind.PAYMENT || draft.data.getFinalCapture();
    Money taken = draft.money(draft.pendingCapture);
    draft
        .data
        .setCaptureKey(Intents.operationKey(draft.claim(), "capture"))
        .setCaptureReference(reference(draft.done().connectorReference()))
        // From here there is no way back.
        .clearCompensations();
    draft
        .payment
        .setState(
            last ? PaymentState.PAYMENT_STATE_CAPTURED : PaymentState.PAYMENT_STATE_AUTHORIZED)
        .clearFailure()
        .setAmountCaptured(
            draft.money(draft.payment.getAmountCaptured().getMinorUnits() + draft.pendingCapture));
    if (draft.data.hasSettlement()) {
      // The PSP reported it settled before anybody knew that it was captured.
      draft.settlementReported += draft.pendingCapture;
    }
    draft.pendingCapture = 0;
    draft.event(
        PaymentEventDetail.newBuilder()
            .setCaptured(
                PaymentCaptured.newBuilder()
                    .setAmount(taken)
                    .setConnectorReference(draft.data.getCaptureReference())
                    .setTransferId(Intents.transferId(draft.claim(), "capture/post"))
                    .setFinalCapture(last)));
  }

  void settled() {
    draft.payment.setState(PaymentState.PAYMENT_STATE_SETTLED).clearFailure();
    PaymentSettled.Builder detail =
        PaymentSettled.newBuilder()
            .setAmount(draft.payment.getAmountCaptured())
            .setFee(draft.data.getFee());
    Intent intent = draft.before.data().getIntent();
    TransferGroup booked =
        draft.before.step() == Step.SETTLE ? intent.getLedgerBefore() : intent.getLedgerSettle();
    booked.getTransfersList().forEach(transfer -> detail.addTransferIds(transfer.getTransferId()));
    draft.event(PaymentEventDetail.newBuilder().setSettled(detail));
  }

  void completed() {
    draft.event(
        PaymentEventDetail.newBuilder()
            .setCompleted(
                PaymentCompleted.newBuilder()
                    .setAmount(draft.payment.getAmountCaptured())
                    .setFee(draft.data.getFee())));
  }

  void reversed() {
    Money held = draft.payment.getAmountAuthorized();
    Failure failure = draft.data.getFailure();
    draft.nothingHeld();
    draft.event(
        PaymentEventDetail.newBuilder()
            .setAuthorizationReversed(
                PaymentAuthorizationReversed.newBuilder()
                    .setAmount(held)
                    .setConnectorReference(reference(draft.done().connectorReference()))
                    .setTransferId(Intents.transferId(draft.claim(), "authorize/void"))
                    .setFailure(failure)));
    draft.audit(
        "compensation",
        "reverse_authorization",
        failure.getCode() + ": " + failure.getMessage(),
        Map.of(
            "saga_id", draft.claim().sagaText(),
            "failed_step", failure.getStep(),
            "amount", held.getMinorUnits() + " " + held.getCurrencyCode()));
  }

  void failed() {
    draft.nothingHeld();
    draft.data.clearCompensations();
    draft
        .payment
        .setState(PaymentState.PAYMENT_STATE_FAILED)
        .clearNextAction()
        .setFailure(draft.data.getFailure());
    draft.event(
        PaymentEventDetail.newBuilder()
            .setFailed(PaymentFailed.newBuilder().setFailure(draft.data.getFailure())));
  }

  void showAction() {
    if (draft.outcome instanceof Outcome.Pending pending
        && pending.nextAction() != null
        && !(draft.payment.hasNextAction()
            && draft.payment.getNextAction().equals(pending.nextAction()))) {
      draft
          .payment
          .setState(PaymentState.PAYMENT_STATE_REQUIRES_ACTION)
          .setNextAction(pending.nextAction());
      draft.event(
          PaymentEventDetail.newBuilder()
              .setRequiresAction(
                  PaymentRequiresAction.newBuilder().setNextAction(pending.nextAction())));
    }
  }

  /** The amounts and the step say what the payment was. */
  void resumed() {
    boolean held = draft.payment.getAmountAuthorized().getMinorUnits() > 0;
    boolean captured =
        switch (draft.before.step()) {
          case SETTLE -> true;
          // After the last capture; not where that capture failed and earlier ones stand.
          case REMAINDER -> !draft.before.data().hasFailure();
          case VALIDATE, AUTHORIZE, CAPTURE, CANCEL, EXPIRE, REFUND, RECLAIM, NOTIFY -> false;
        };
    draft
        .payment
        .setState(
            captured
                ? PaymentState.PAYMENT_STATE_CAPTURED
                : held ? PaymentState.PAYMENT_STATE_AUTHORIZED : PaymentState.PAYMENT_STATE_PENDING)
        .clearFailure();
    draft.event(
        PaymentEventDetail.newBuilder()
            .setResumed(PaymentResumed.newBuilder().setSagaId(draft.claim().sagaText())));
  }

  void park() {
    Failure failure = Failures.of(draft.before, draft.outcome);
    draft
        .payment
        .setState(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION)
        .clearNextAction()
        .setFailure(failure);
    draft.event(
        PaymentEventDetail.newBuilder()
            .setNeedsAttention(
                PaymentNeedsAttention.newBuilder()
                    .setFailure(failure)
                    .setSagaId(draft.claim().sagaText())));
  }
}
