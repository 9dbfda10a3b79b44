package dev.ducat.gateway;

import dev.ducat.gateway.Check.Characters;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.connector.v1.ConnectorCallbackServiceGrpcService;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.ReportOperationRequest;
import dev.ducat.proto.connector.v1.ReportOperationResponse;
import dev.ducat.proto.internal.v1.ReportCommand;
import io.vertx.core.Future;
import java.util.List;

/** ConnectorCallbackService: what connectors learn late goes to the payment's shard. */
final class CallbackEndpoint {
  private static final int KEY_CHARS_MAX = 255;
  private static final int CONNECTOR_CHARS_MAX = 64;
  private static final int TENANT_CHARS_MAX = 64;

  private final ShardClient shards;

  CallbackEndpoint(ShardClient shards) {
    this.shards = shards;
  }

  List<Rpc> rpcs() {
    return List.of(
        Rpc.unary(
            ConnectorCallbackServiceGrpcService.ReportOperation,
            ReportOperationRequest.getDefaultInstance(),
            Rpc.MESSAGE_BYTES_MAX,
            this::report));
  }

  private Future<ReportOperationResponse> report(
      UnaryCall<ReportOperationRequest, ReportOperationResponse> call,
      ReportOperationRequest request) {
    check(request);
    ReportCommand command =
        ReportCommand.newBuilder()
            .setConnector(request.getConnector())
            .setPaymentId(request.getPaymentId())
            .setResult(request.getResult())
            .build();
    int shard = PaymentId.parse(request.getPaymentId()).orElseThrow().shard();
    return shards
        .report(call, shard, request.getTenant(), command)
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case REPORTED ->
                      Future.succeededFuture(
                          ReportOperationResponse.newBuilder()
                              .setDuplicate(reply.getReported().getDuplicate())
                              .build());
                  case REFUSAL -> PaymentEndpoint.refused(reply.getRefusal());
                  case PAYMENT, REFUND, SAGA, ANSWER_NOT_SET ->
                      Future.failedFuture(PaymentEndpoint.unreadable("the shard"));
                });
  }

  private static void check(ReportOperationRequest request) {
    Check check = new Check();
    OperationResult result = request.getResult();
    check.text("connector", request.getConnector(), 1, CONNECTOR_CHARS_MAX, Characters.LOWER_NAME);
    check.text("tenant", request.getTenant(), 1, TENANT_CHARS_MAX, Characters.NAME);
    PaymentValidation.paymentId(check, request.getPaymentId());
    check.text(
        "result.operation_key",
        result.getOperationKey(),
        1,
        KEY_CHARS_MAX,
        Characters.PRINTABLE_ASCII);
    check.that(
        result.getKind() != OperationKind.OPERATION_KIND_UNSPECIFIED
            && result.getKind() != OperationKind.UNRECOGNIZED,
        "result.kind",
        "must be a kind of operation");
    check.that(
        result.hasDone() || result.hasDeclined() || result.hasPending(),
        "result",
        "must be done, declined or pending");
    check.done();
  }
}
