package dev.ducat.saga;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.Attended;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.OperatorCommand;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.saga.PaymentBook.Live;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is told about a person's decision, and the request that it stands for. Pure. */
final class Attention {
  private static final String OPERATOR_ACTION = "operator_action";

  /** More keys than this many decisions about one saga will ever need; its row must not grow. */
  private static final int ATTENDED_MAX = 32;

  private Attention() {}

  /**
   * The verdict on a key that this saga has seen: decided already, or used for something else; null
   * for a new key, and for none.
   */
  static OperatorRules.@Nullable Verdict decidedBefore(OperatorCommand command, Saga saga) {
    String key = OperatorRules.keyOf(command);
    if (key.isEmpty()) {
      return null;
    }
    Attended asked = attended(command, "");
    for (Attended known : saga.data().getAttendedList()) {
      if (known.getIdempotencyKey().equals(key)
          && known.getRequestCase() == asked.getRequestCase()) {
        String differs = Canonical.firstDifference(requestOf(known), requestOf(asked));
        return differs.isEmpty()
            ? new OperatorRules.Decided(
                known.getBegunSagaId().isEmpty() ? saga.claim().sagaText() : known.getBegunSagaId(),
                true)
            : new OperatorRules.Refuse(Answer.reused(differs));
      }
    }
    return null;
  }

  /** The saga of the refund that a person began last; empty where nobody did. */
  static String refundBegun(Saga saga) {
    return saga.data().getAttendedList().reversed().stream()
        .map(Attended::getBegunSagaId)
        .filter(id -> !id.isEmpty())
        .findFirst()
        .orElse("");
  }

  /**
   * The saga with this decision among those that are known again.
   *
   * @param begun the saga of the refund that it begins, else empty
   */
  static Saga noted(Saga saga, OperatorCommand command, String begun) {
    if (OperatorRules.keyOf(command).isEmpty() && begun.isEmpty()) {
      return saga;
    }
    List<Attended> known = new ArrayList<>(saga.data().getAttendedList());
    known.add(attended(command, begun));
    return saga.with(
        saga.data().toBuilder()
            .clearAttended()
            .addAllAttended(known.subList(Math.max(0, known.size() - ATTENDED_MAX), known.size()))
            .build());
  }

  /** A decision without what does not make it another one. */
  private static Attended attended(OperatorCommand command, String begun) {
    Attended.Builder attended =
        Attended.newBuilder().setIdempotencyKey(OperatorRules.keyOf(command)).setBegunSagaId(begun);
    switch (command.getRequestCase()) {
      case RETRY ->
          attended.setRetry(command.getRetry().toBuilder().clearIdempotencyKey().clearVersion());
      case COMPENSATE ->
          attended.setCompensate(
              command.getCompensate().toBuilder().clearIdempotencyKey().clearVersion());
      case RESOLVE ->
          attended.setResolve(
              command.getResolve().toBuilder().clearIdempotencyKey().clearVersion());
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no command");
    }
    return attended.build();
  }

  private static Message requestOf(Attended attended) {
    return switch (attended.getRequestCase()) {
      case RETRY -> attended.getRetry();
      case COMPENSATE -> attended.getCompensate();
      case RESOLVE -> attended.getResolve();
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no request");
    };
  }

  /** Who did what, why, and how things stood before and after. */
  static Decision.Audit audit(OperatorCommand command, Live before, Decision decision) {
    Saga saga = before.saga();
    Map<String, String> details = new TreeMap<>();
    details.put("saga_id", saga.claim().sagaText());
    details.put("payment_id", saga.claim().paymentId().text());
    details.put("tenant", saga.claim().tenant());
    details.put("before", text(saga));
    details.put("after", text(decision.saga()));
    details.put("payment_before", text(before.standing()));
    details.put("payment_after", text(decision.standing()));
    if (!decision.saga().claim().sagaId().equals(saga.claim().sagaId())) {
      details.put("begun_saga_id", decision.saga().claim().sagaText());
    }
    OperationResult stated = decision.saga().data().getAttested();
    if (command.hasResolve()) {
      details.put("operation_key", stated.getOperationKey());
      details.put("outcome", stated.getOutcomeCase().name());
      if (stated.hasDone()) {
        details.put("connector_reference", stated.getDone().getConnectorReference());
      }
      if (stated.hasDeclined()) {
        details.put("reason_code", stated.getDeclined().getReasonCode());
      }
    }
    return new Decision.Audit(
        command.getActor(),
        OPERATOR_ACTION,
        OperatorRules.actionOf(command),
        saga.claim().sagaText(),
        OperatorRules.reasonOf(command),
        details);
  }

  /** The whole of what is left, given back under a key that belongs to this version only. */
  static OperationCommand refund(OperatorCommand command, Saga captured, Standing standing) {
    String key = "operator/" + captured.claim().sagaText() + "/" + standing.payment().getVersion();
    RefundPaymentRequest request =
        RefundPaymentRequest.newBuilder()
            .setPaymentId(captured.claim().paymentId().text())
            .setIdempotencyKey(key)
            .setReason(OperatorRules.reasonOf(command))
            .build();
    return OperationCommand.newBuilder()
        .setRefund(request)
        .setCanonical(request.toByteString())
        // No client's request has this fingerprint: the key is not theirs.
        .setFingerprint(ByteString.copyFromUtf8("operator"))
        .build();
  }

  private static String text(Saga saga) {
    return saga.step() + "/" + saga.phase() + " version " + saga.version();
  }

  private static String text(Standing standing) {
    return PaymentStore.stateText(standing.payment().getState())
        + " version "
        + standing.payment().getVersion();
  }
}
