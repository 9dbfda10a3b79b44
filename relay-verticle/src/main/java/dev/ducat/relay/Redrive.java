package dev.ducat.relay;

import com.google.protobuf.Timestamp;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.proto.events.v1.AuditEvent;
import dev.ducat.proto.internal.v1.DeadEventsReply;
import dev.ducat.proto.internal.v1.RedriveCommand;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.operations.v1.DeadEvent;
import dev.ducat.proto.operations.v1.DeadEventCause;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/** An operator's wish to have a parked event published: what is recorded, and what is answered. */
final class Redrive {
  private static final String TYPE = "dev.ducat.audit.operator_action.v1";

  private final Node node;
  private final RedriveCommand command;

  Redrive(Node node, RedriveCommand command) {
    this.node = node;
    this.command = command;
  }

  static UUID eventId(RedriveCommand command) {
    ByteBuffer id = command.getEventId().asReadOnlyByteBuffer();
    return new UUID(id.getLong(), id.getLong());
  }

  /** Records it once, however often it is asked for. For the slot's owner. */
  DeadEventsReply record(ParkedStore parked) {
    UUID eventId = eventId(command);
    Optional<DeadEvent> found = parked.find(eventId);
    if (found.isEmpty()) {
      return notFound();
    }
    DeadEvent event = found.get();
    if (event.getRedrivePending()) {
      return DeadEventsReply.newBuilder().setEvent(event).build();
    }
    if (event.getCause() == DeadEventCause.DEAD_EVENT_CAUSE_WAITS_BEHIND) {
      return refused(
          RefusalReason.REFUSAL_REASON_EVENT_WAITS_BEHIND,
          "event_id",
          "it waits behind a refused event of " + event.getKey() + ": redrive that one");
    }
    parked.askRedrive(eventId, audit(event));
    return DeadEventsReply.newBuilder().setEvent(event.toBuilder().setRedrivePending(true)).build();
  }

  private OutboxEvent audit(DeadEvent event) {
    UUID id = node.ids().next();
    Instant now = node.clock().now();
    AuditEvent payload =
        AuditEvent.newBuilder()
            .setEventId(IdKind.EVENT.text(id))
            .setType(TYPE)
            .setOccurTime(
                Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()))
            .setActor(command.getActor())
            .setAction("RedriveEvent")
            .setResource(event.getEventId())
            .setReason(command.getReason())
            .putDetails("key", event.getKey())
            .putDetails("topic", event.getTopic())
            .putDetails("error", event.getError())
            .build();
    return new OutboxEvent(
        id,
        Topics.AUDIT,
        event.getKey(),
        TYPE,
        "/ducat/relay",
        Buffer.buffer(payload.toByteArray()),
        0,
        event.getTenant(),
        null,
        now);
  }

  static DeadEventsReply notFound() {
    return refused(
        RefusalReason.REFUSAL_REASON_EVENT_NOT_FOUND, "event_id", "no such event is parked");
  }

  static DeadEventsReply refused(RefusalReason reason, String field, String message) {
    return DeadEventsReply.newBuilder()
        .setRefusal(
            Refusal.newBuilder()
                .setReason(reason)
                .setField(field)
                .setMessage(message)
                .setObstacle(
                    reason == RefusalReason.REFUSAL_REASON_EVENT_WAITS_BEHIND
                        ? "REFUSED_EVENT_BEFORE"
                        : ""))
        .build();
  }
}
