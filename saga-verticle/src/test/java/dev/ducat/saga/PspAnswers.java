package dev.ducat.saga;

import dev.ducat.proto.connector.v1.Declined;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.NotFound;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.Pending;
import dev.ducat.proto.connector.v1.Retryable;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.payments.v1.NextAction;
import dev.ducat.proto.payments.v1.NextActionType;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Future;

/** What a PSP may answer about an operation of one euro. */
final class PspAnswers {
  private PspAnswers() {}

  static Future<OperationResult> done(ConnectorCall call) {
    return Future.succeededFuture(
        answer(call)
            .setDone(
                Done.newBuilder()
                    .setConnectorReference("psp-1")
                    .setAmount(Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(100)))
            .build());
  }

  static Future<OperationResult> pending(ConnectorCall call, String url) {
    return Future.succeededFuture(
        answer(call)
            .setPending(
                Pending.newBuilder()
                    .setNextAction(
                        NextAction.newBuilder()
                            .setType(NextActionType.NEXT_ACTION_TYPE_THREE_D_SECURE)
                            .setUrl(url)))
            .build());
  }

  static Future<OperationResult> declined(ConnectorCall call, String reason) {
    return Future.succeededFuture(
        answer(call).setDeclined(Declined.newBuilder().setReasonCode(reason)).build());
  }

  static Future<OperationResult> retryable(ConnectorCall call, String reason) {
    return Future.succeededFuture(
        answer(call).setRetryable(Retryable.newBuilder().setReasonCode(reason)).build());
  }

  static OperationResult.Builder answer(ConnectorCall call) {
    ConnectorCall question = call.hasGetOperation() ? call : Answers.question(call);
    OperationKind kind = question.getGetOperation().getKind();
    return OperationResult.newBuilder()
        .setOperationKey(question.getGetOperation().getOperationKey())
        .setKind(kind);
  }

  static Future<OperationResult> notFound(ConnectorCall call) {
    return Future.succeededFuture(answer(call).setNotFound(NotFound.getDefaultInstance()).build());
  }
}
