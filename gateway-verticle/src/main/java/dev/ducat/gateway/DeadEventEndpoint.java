package dev.ducat.gateway;

import com.google.protobuf.ByteString;
import dev.ducat.gateway.Check.Characters;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.proto.internal.v1.DeadEventsQuery;
import dev.ducat.proto.internal.v1.DeadEventsReply;
import dev.ducat.proto.internal.v1.RedriveCommand;
import dev.ducat.proto.operations.v1.DeadEvent;
import dev.ducat.proto.operations.v1.ListDeadEventsRequest;
import dev.ducat.proto.operations.v1.ListDeadEventsResponse;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcService;
import dev.ducat.proto.operations.v1.RedriveEventRequest;
import io.vertx.core.Future;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** OperationsService: events that Kafka refuses. */
final class DeadEventEndpoint {
  private static final int TEXT_CHARS_MAX = 100;
  private static final int REASON_CHARS_MAX = 255;

  /** Until calls carry an identity that is proven, all that is known of the caller is the port. */
  private static final String ACTOR = "operator";

  private final ShardClient shards;

  DeadEventEndpoint(ShardClient shards) {
    this.shards = shards;
  }

  List<Rpc> rpcs() {
    return List.of(
        Rpc.unary(
            OperationsServiceGrpcService.ListDeadEvents,
            ListDeadEventsRequest.getDefaultInstance(),
            Rpc.MESSAGE_BYTES_MAX,
            this::list),
        Rpc.unary(
            OperationsServiceGrpcService.RedriveEvent,
            RedriveEventRequest.getDefaultInstance(),
            Rpc.MESSAGE_BYTES_MAX,
            this::redrive));
  }

  private Future<ListDeadEventsResponse> list(
      UnaryCall<ListDeadEventsRequest, ListDeadEventsResponse> call,
      ListDeadEventsRequest request) {
    Check check = new Check();
    check.text("topic", request.getTopic(), 0, TEXT_CHARS_MAX, Characters.PRINTABLE_ASCII);
    check.text("key", request.getKey(), 0, TEXT_CHARS_MAX, Characters.PRINTABLE_ASCII);
    check.pageSize("page_size", request.getPageSize());
    check.pageToken("page_token", request.getPageToken());
    check.done();
    ListDeadEventsRequest page =
        request.toBuilder().setPageSize(Check.effectivePageSize(request.getPageSize())).build();
    return shards
        .deadEvents(call, query(call).setList(page).build())
        .compose(reply -> reply.hasList() ? Future.succeededFuture(reply.getList()) : not(reply));
  }

  private Future<DeadEvent> redrive(
      UnaryCall<RedriveEventRequest, DeadEvent> call, RedriveEventRequest request) {
    Check check = new Check();
    Optional<UUID> id = IdKind.EVENT.parse(request.getEventId());
    check.that(id.isPresent(), "event_id", "must be the id of an event, evt_…");
    check.text("reason", request.getReason(), 1, REASON_CHARS_MAX, Characters.LINE);
    check.done();
    RedriveCommand command =
        RedriveCommand.newBuilder()
            .setEventId(bytes(id.orElseThrow()))
            .setActor(ACTOR)
            .setReason(request.getReason())
            .build();
    return shards
        .deadEvents(call, query(call).setRedrive(command).build())
        .compose(reply -> reply.hasEvent() ? Future.succeededFuture(reply.getEvent()) : not(reply));
  }

  private static DeadEventsQuery.Builder query(Call call) {
    return DeadEventsQuery.newBuilder().setTenant(call.caller().scope());
  }

  private static ByteString bytes(UUID id) {
    return ByteString.copyFrom(
        ByteBuffer.allocate(16)
            .putLong(id.getMostSignificantBits())
            .putLong(id.getLeastSignificantBits())
            .flip());
  }

  private static <T> Future<T> not(DeadEventsReply reply) {
    return reply.hasRefusal()
        ? PaymentEndpoint.refused(reply.getRefusal())
        : Future.failedFuture(PaymentEndpoint.unreadable(ShardClient.RELAY_DEAD));
  }
}
