package dev.ducat.saga;

import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundState;
import dev.ducat.proto.type.v1.Money;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * Which operation a payment still takes. Asked in the order in which operations arrive, each
 * looking at what the ones before decided: of those that exclude each other, the first wins, and
 * the others are told by what they lost.
 */
final class OperationRules {
  private OperationRules() {}

  /** An operation may begin, or it may not. */
  sealed interface Verdict {}

  /**
   * It may.
   *
   * @param data what its saga starts with
   * @param open the saga of the authorization that it works on; null for refunds
   */
  record Begin(SagaData data, @Nullable Saga open) implements Verdict {}

  /** It may not. Nothing is recorded: its key stays free. */
  record Refuse(Refusal refusal) implements Verdict {}

  static SagaKind kindOf(OperationCommand command) {
    return switch (command.getRequestCase()) {
      case CAPTURE -> SagaKind.CAPTURE;
      case CANCEL -> SagaKind.CANCEL;
      case REFUND -> SagaKind.REFUND;
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no operation");
    };
  }

  static String keyOf(OperationCommand command) {
    return switch (command.getRequestCase()) {
      case CAPTURE -> command.getCapture().getIdempotencyKey();
      case CANCEL -> command.getCancel().getIdempotencyKey();
      case REFUND -> command.getRefund().getIdempotencyKey();
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no operation");
    };
  }

  static String paymentOf(OperationCommand command) {
    return switch (command.getRequestCase()) {
      case CAPTURE -> command.getCapture().getPaymentId();
      case CANCEL -> command.getCancel().getPaymentId();
      case REFUND -> command.getRefund().getPaymentId();
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no operation");
    };
  }

  /**
   * Judges an operation.
   *
   * @param sagas of the payment, at least those that are not finished and those that captured
   * @param refundId of the refund, should one begin
   */
  static Verdict judge(
      OperationCommand command,
      Standing standing,
      Collection<Saga> sagas,
      String refundId,
      Instant now) {
    return switch (command.getRequestCase()) {
      case CAPTURE -> capture(command, standing, sagas);
      case CANCEL -> cancel(command, standing, sagas);
      case REFUND -> refund(command, standing, sagas, refundId, now);
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no operation");
    };
  }

  private static Verdict capture(
      OperationCommand command, Standing standing, Collection<Saga> sagas) {
    Payment payment = standing.payment();
    Refusal refusal =
        notOpen(standing, RefusalReason.REFUSAL_REASON_PAYMENT_NOT_CAPTURABLE, "captured");
    if (refusal != null) {
      return new Refuse(refusal);
    }
    long capturable = payment.getAmountCapturable().getMinorUnits();
    long amount = capturable;
    if (command.getCapture().hasAmount()) {
      Money asked = command.getCapture().getAmount();
      if (!asked.getCurrencyCode().equals(payment.getAmount().getCurrencyCode())) {
        return new Refuse(currency(payment));
      }
      amount = asked.getMinorUnits();
    }
    if (amount <= 0 || amount > capturable) {
      return new Refuse(
          refusal(
              RefusalReason.REFUSAL_REASON_CAPTURE_EXCEEDS_CAPTURABLE,
              payment,
              "CAPTURE_EXCEEDS_CAPTURABLE",
              "%d can be captured, %d was asked for".formatted(capturable, amount)));
    }
    if (standing.pendingCapture() > 0) {
      return new Refuse(inProgress(payment, "CAPTURE_IN_PROGRESS", "a capture is at work"));
    }
    Saga open = open(sagas);
    SagaData.Builder data =
        known(open)
            .setAmount(payment.getAmount().toBuilder().setMinorUnits(amount))
            .setFinalCapture(!command.getCapture().getKeepRemainder() || amount == capturable);
    return new Begin(data.build(), open);
  }

  private static Verdict cancel(
      OperationCommand command, Standing standing, Collection<Saga> sagas) {
    if (standing.isUndecided() && standing.closing() == Closing.NONE) {
      return cancelUndecided(command, standing, sagas);
    }
    Refusal refusal =
        notOpen(standing, RefusalReason.REFUSAL_REASON_PAYMENT_NOT_CANCELABLE, "canceled");
    if (refusal != null) {
      return new Refuse(refusal);
    }
    if (standing.pendingCapture() > 0) {
      return new Refuse(
          inProgress(standing.payment(), "CAPTURE_IN_PROGRESS", "a capture is at work"));
    }
    Saga open = open(sagas);
    return new Begin(known(open).setReason(command.getCancel().getReason()).build(), open);
  }

  /** The PSP or the payer has yet to decide: whatever comes of it is undone. */
  private static Verdict cancelUndecided(
      OperationCommand command, Standing standing, Collection<Saga> sagas) {
    Saga own =
        sagas.stream()
            .filter(saga -> saga.claim().kind() == SagaKind.PAYMENT)
            .findAny()
            .orElseThrow(() -> new IllegalStateException("a payment without its saga"));
    if (own.phase() == Phase.AWAIT && own.step() == Step.AUTHORIZE) {
      SagaData known = Intents.unanswered(own.claim(), known(own).build()).build();
      return new Begin(known.toBuilder().setReason(command.getCancel().getReason()).build(), own);
    }
    boolean undoing = own.phase().isUndoing();
    return new Refuse(
        inProgress(
            standing.payment(),
            undoing ? "COMPENSATION_IN_PROGRESS" : "AUTHORIZE_IN_PROGRESS",
            undoing ? "it has failed and is being undone" : "the authorization is at work"));
  }

  private static Verdict refund(
      OperationCommand command,
      Standing standing,
      Collection<Saga> sagas,
      String refundId,
      Instant now) {
    Payment payment = standing.payment();
    if (payment.getState() != PaymentState.PAYMENT_STATE_SETTLED) {
      return new Refuse(
          refusal(
              RefusalReason.REFUSAL_REASON_PAYMENT_NOT_REFUNDABLE,
              payment,
              stateText(payment),
              "only a settled payment can be refunded, this one is " + stateText(payment)));
    }
    long amount = standing.refundable();
    if (command.getRefund().hasAmount()) {
      Money asked = command.getRefund().getAmount();
      if (!asked.getCurrencyCode().equals(payment.getAmount().getCurrencyCode())) {
        return new Refuse(currency(payment));
      }
      amount = asked.getMinorUnits();
    }
    if (amount <= 0 || amount > standing.refundable()) {
      return new Refuse(
          refusal(
              RefusalReason.REFUSAL_REASON_REFUND_EXCEEDS_CAPTURED,
              payment,
              "REFUND_EXCEEDS_CAPTURED",
              "%d was captured and is not refunded or being refunded, %d was asked for"
                  .formatted(standing.refundable(), amount)));
    }
    SagaData captured = captured(sagas);
    Refund refund =
        Refund.newBuilder()
            .setRefundId(refundId)
            .setPaymentId(payment.getPaymentId())
            .setState(RefundState.REFUND_STATE_PENDING)
            .setAmount(payment.getAmount().toBuilder().setMinorUnits(amount))
            .setReason(command.getRefund().getReason())
            .setIdempotencyKey(command.getRefund().getIdempotencyKey())
            .setCreateTime(Times.toProto(now))
            .setUpdateTime(Times.toProto(now))
            .build();
    return new Begin(
        SagaData.newBuilder()
            .setConnector(captured.getConnector())
            .setAuthorizationKey(captured.getAuthorizationKey())
            .setAuthorizationReference(captured.getAuthorizationReference())
            .setCaptureKey(captured.getCaptureKey())
            .setCaptureReference(captured.getCaptureReference())
            .setRefund(refund)
            .build(),
        null);
  }

  /** Why nothing can be captured or canceled any more, or not yet; null when it can. */
  private static @Nullable Refusal notOpen(
      Standing standing, RefusalReason wrongState, String participle) {
    Payment payment = standing.payment();
    boolean ending = standing.isUndecided() && standing.closing() != Closing.NONE;
    if ((payment.getState() != PaymentState.PAYMENT_STATE_AUTHORIZED && !ending)
        || (standing.closing() == Closing.NONE
            && payment.getAmountCapturable().getMinorUnits() == 0
            && standing.pendingCapture() == payment.getAmountAuthorized().getMinorUnits())) {
      return refusal(
          wrongState,
          payment,
          obstacle(payment),
          "a payment that is %s cannot be %s".formatted(stateText(payment), participle));
    }
    return switch (standing.closing()) {
      case NONE -> null;
      case CAPTURE -> inProgress(payment, "CAPTURE_IN_PROGRESS", "the last capture is at work");
      case CANCEL -> inProgress(payment, "CANCEL_IN_PROGRESS", "it is being canceled");
      case EXPIRE -> inProgress(payment, "EXPIRY_IN_PROGRESS", "its time is over");
    };
  }

  /** What the loser lost by. */
  private static String obstacle(Payment payment) {
    return switch (payment.getState()) {
      case PAYMENT_STATE_CAPTURED, PAYMENT_STATE_SETTLED -> "ALREADY_CAPTURED";
      case PAYMENT_STATE_AUTHORIZED -> "AUTOMATIC_CAPTURE";
      case PAYMENT_STATE_CANCELED,
          PAYMENT_STATE_EXPIRED,
          PAYMENT_STATE_FAILED,
          PAYMENT_STATE_PENDING,
          PAYMENT_STATE_REQUIRES_ACTION,
          PAYMENT_STATE_NEEDS_ATTENTION,
          PAYMENT_STATE_UNSPECIFIED,
          UNRECOGNIZED ->
          stateText(payment);
    };
  }

  private static Saga open(Collection<Saga> sagas) {
    return sagas.stream()
        .filter(saga -> saga.claim().kind() == SagaKind.EXPIRE && !saga.phase().isOver())
        .findAny()
        .orElseThrow(() -> new IllegalStateException("an open authorization without its saga"));
  }

  private static SagaData captured(Collection<Saga> sagas) {
    return sagas.stream()
        .filter(saga -> saga.claim().kind() != SagaKind.REFUND)
        .filter(saga -> !saga.data().getCaptureKey().isEmpty())
        .max(Comparator.comparing(saga -> saga.claim().createdAt()))
        .map(Saga::data)
        .orElseThrow(() -> new IllegalStateException("a settled payment without its capture"));
  }

  /** What every operation on an authorization needs to know of it. */
  private static SagaData.Builder known(Saga open) {
    return SagaData.newBuilder()
        .setConnector(open.data().getConnector())
        .setAuthorizationKey(open.data().getAuthorizationKey())
        .setAuthorizationReference(open.data().getAuthorizationReference())
        .setHoldId(open.data().getHoldId())
        .setFeeBasisPoints(open.data().getFeeBasisPoints())
        .setFeeFixedMinorUnits(open.data().getFeeFixedMinorUnits())
        .setSettlesOnReport(open.data().getSettlesOnReport());
  }

  private static Refusal currency(Payment payment) {
    return Refusal.newBuilder()
        .setReason(RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT)
        .setField("amount.currency_code")
        .setMessage("must be the payment's, " + payment.getAmount().getCurrencyCode())
        .build();
  }

  private static Refusal inProgress(Payment payment, String obstacle, String message) {
    return refusal(RefusalReason.REFUSAL_REASON_OPERATION_IN_PROGRESS, payment, obstacle, message);
  }

  private static Refusal refusal(
      RefusalReason reason, Payment payment, String obstacle, String message) {
    return Refusal.newBuilder()
        .setReason(reason)
        .setField(payment.getPaymentId())
        .setObstacle(obstacle)
        .setMessage(message)
        .build();
  }

  private static String stateText(Payment payment) {
    return PaymentStore.stateText(payment.getState());
  }
}
