package dev.ducat.gateway;

import dev.ducat.proto.internal.v1.OperatorCommand;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.operations.v1.CompensateSagaRequest;
import dev.ducat.proto.operations.v1.GetRelayStatusRequest;
import dev.ducat.proto.operations.v1.GetSagaRequest;
import dev.ducat.proto.operations.v1.ListSagasRequest;
import dev.ducat.proto.operations.v1.ListSagasResponse;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcService;
import dev.ducat.proto.operations.v1.RelayStatus;
import dev.ducat.proto.operations.v1.ResolveSagaRequest;
import dev.ducat.proto.operations.v1.RetrySagaRequest;
import dev.ducat.proto.operations.v1.Saga;
import io.vertx.core.Future;
import java.util.List;

/**
 * OperationsService: sagas, and how far the relay is. Operators see every tenant's, unless the call
 * names one: then others' are not found.
 */
final class SagaEndpoint {
  /** Until calls carry an identity that is proven, all that is known of the caller is the port. */
  private static final String ACTOR = "operator";

  private final ShardClient shards;

  SagaEndpoint(ShardClient shards) {
    this.shards = shards;
  }

  List<Rpc> rpcs() {
    int bytesMax = Rpc.MESSAGE_BYTES_MAX;
    return List.of(
        Rpc.unary(
            OperationsServiceGrpcService.ListSagas,
            ListSagasRequest.getDefaultInstance(),
            bytesMax,
            this::list),
        Rpc.unary(
            OperationsServiceGrpcService.GetSaga,
            GetSagaRequest.getDefaultInstance(),
            bytesMax,
            this::get),
        Rpc.unary(
            OperationsServiceGrpcService.RetrySaga,
            RetrySagaRequest.getDefaultInstance(),
            bytesMax,
            this::retry),
        Rpc.unary(
            OperationsServiceGrpcService.CompensateSaga,
            CompensateSagaRequest.getDefaultInstance(),
            bytesMax,
            this::compensate),
        Rpc.unary(
            OperationsServiceGrpcService.ResolveSaga,
            ResolveSagaRequest.getDefaultInstance(),
            bytesMax,
            this::resolve),
        Rpc.unary(
            OperationsServiceGrpcService.GetRelayStatus,
            GetRelayStatusRequest.getDefaultInstance(),
            bytesMax,
            this::relay));
  }

  private Future<ListSagasResponse> list(
      UnaryCall<ListSagasRequest, ListSagasResponse> call, ListSagasRequest request) {
    SagaValidation.check(request);
    ListSagasRequest page =
        request.toBuilder().setPageSize(Check.effectivePageSize(request.getPageSize())).build();
    return shards
        .payments(call, query(call).setListSagas(page).build())
        .compose(reply -> reply.hasSagas() ? Future.succeededFuture(reply.getSagas()) : not(reply));
  }

  private Future<Saga> get(UnaryCall<GetSagaRequest, Saga> call, GetSagaRequest request) {
    SagaValidation.checkSagaId(request.getSagaId());
    return read(call, request.getSagaId());
  }

  private Future<Saga> retry(UnaryCall<RetrySagaRequest, Saga> call, RetrySagaRequest request) {
    SagaValidation.check(request);
    return attend(call, request.getSagaId(), OperatorCommand.newBuilder().setRetry(request));
  }

  private Future<Saga> compensate(
      UnaryCall<CompensateSagaRequest, Saga> call, CompensateSagaRequest request) {
    SagaValidation.check(request);
    return attend(call, request.getSagaId(), OperatorCommand.newBuilder().setCompensate(request));
  }

  private Future<Saga> resolve(
      UnaryCall<ResolveSagaRequest, Saga> call, ResolveSagaRequest request) {
    SagaValidation.check(request);
    return attend(call, request.getSagaId(), OperatorCommand.newBuilder().setResolve(request));
  }

  /** A saga's id does not say where it is at home: its row does. */
  private Future<Saga> attend(
      UnaryCall<?, Saga> call, String sagaId, OperatorCommand.Builder command) {
    OperatorCommand decided = command.setActor(ACTOR).build();
    return read(call, sagaId)
        .compose(saga -> shards.attend(call, saga.getShard(), decided))
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case SAGA -> decided(call, reply);
                  case REFUSAL -> PaymentEndpoint.refused(reply.getRefusal());
                  case PAYMENT, REFUND, REPORTED, ANSWER_NOT_SET ->
                      Future.failedFuture(PaymentEndpoint.unreadable("the shard"));
                });
  }

  /** What was decided before is answered as it is now. */
  private Future<Saga> decided(UnaryCall<?, Saga> call, ShardReply reply) {
    if (reply.getReplayed()) {
      call.markReplayed();
    }
    Saga saga = reply.getSaga();
    return saga.hasPayment() ? Future.succeededFuture(saga) : read(call, saga.getSagaId());
  }

  private Future<Saga> read(Call call, String sagaId) {
    return shards
        .payments(call, query(call).setSagaId(sagaId).build())
        .compose(reply -> reply.hasSaga() ? Future.succeededFuture(reply.getSaga()) : not(reply));
  }

  private Future<RelayStatus> relay(
      UnaryCall<GetRelayStatusRequest, RelayStatus> call, GetRelayStatusRequest request) {
    return shards.relay(call);
  }

  private static PaymentQueryRequest.Builder query(Call call) {
    return PaymentQueryRequest.newBuilder().setTenant(call.caller().scope());
  }

  private static <T> Future<T> not(PaymentQueryReply reply) {
    return reply.hasRefusal()
        ? PaymentEndpoint.refused(reply.getRefusal())
        : Future.failedFuture(PaymentEndpoint.unreadable(ShardClient.PAYMENT_QUERY));
  }
}
