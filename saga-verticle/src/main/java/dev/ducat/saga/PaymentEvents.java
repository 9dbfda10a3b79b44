package dev.ducat.saga;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.proto.events.v1.AuditEvent;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.payments.v1.PaymentEventDetail.DetailCase;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes what a decision tells into the form in which it travels, encoded once from here to Kafka.
 */
final class PaymentEvents {
  private static final String SOURCE = "/ducat/payments";
  private static final Map<DetailCase, String> TYPES = types();

  private final Ids ids;

  PaymentEvents(Ids ids) {
    this.ids = ids;
  }

  OutboxEvent event(Claim claim, Decision.Event event, Instant now) {
    UUID id = ids.next();
    String type = typeOf(event.detail().getDetailCase());
    PaymentEvent payload =
        PaymentEvent.newBuilder()
            .setEventId(IdKind.EVENT.text(id))
            .setType(type)
            .setVersion(event.after().getVersion())
            .setPaymentId(event.after().getPaymentId())
            .setOccurTime(Times.toProto(now))
            .setPayment(event.after())
            .setDetail(event.detail())
            .build();
    return new OutboxEvent(
        id,
        Topics.PAYMENTS,
        event.after().getPaymentId(),
        type,
        SOURCE,
        Buffer.buffer(payload.toByteArray()),
        event.after().getVersion(),
        claim.tenant(),
        traceparent(claim),
        now);
  }

  OutboxEvent audit(Claim claim, Decision.Audit audit, Instant now) {
    UUID id = ids.next();
    String type = "dev.ducat.audit." + audit.about() + ".v1";
    AuditEvent payload =
        AuditEvent.newBuilder()
            .setEventId(IdKind.EVENT.text(id))
            .setType(type)
            .setOccurTime(Times.toProto(now))
            .setActor(audit.actor())
            .setAction(audit.action())
            .setResource(audit.resource().isEmpty() ? claim.paymentId().text() : audit.resource())
            .setReason(audit.reason())
            .putAllDetails(audit.details())
            .build();
    return new OutboxEvent(
        id,
        Topics.AUDIT,
        claim.paymentId().text(),
        type,
        SOURCE,
        Buffer.buffer(payload.toByteArray()),
        0,
        claim.tenant(),
        traceparent(claim),
        now);
  }

  private static @Nullable String traceparent(Claim claim) {
    return claim.traceparent().isEmpty() ? null : claim.traceparent();
  }

  private static String typeOf(DetailCase detail) {
    String type = TYPES.get(detail);
    if (type == null) {
      throw new IllegalArgumentException("no event type for " + detail);
    }
    return type;
  }

  /** The field's name is the event's name: {@code requires_action}. */
  private static Map<DetailCase, String> types() {
    Map<DetailCase, String> types = new EnumMap<>(DetailCase.class);
    for (DetailCase detail : DetailCase.values()) {
      types.put(detail, "dev.ducat.payment." + detail.name().toLowerCase(Locale.ROOT) + ".v1");
    }
    return types;
  }
}
