package dev.ducat.saga;

import com.google.protobuf.ByteString;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.OperatorCommand;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.saga.PaymentBook.Live;
import java.util.Map;
import java.util.TreeMap;

/** What is told about a person's decision, and the request that it stands for. Pure. */
final class Attention {
  private static final String OPERATOR_ACTION = "operator_action";

  private Attention() {}

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
