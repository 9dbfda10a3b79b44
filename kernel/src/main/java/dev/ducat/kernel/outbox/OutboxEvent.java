package dev.ducat.kernel.outbox;

import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event as its author writes it; the stream and its seq are added by the lane that commits it.
 *
 * @param topic Kafka topic, see {@link Topics}
 * @param key Kafka key: a payment id or a transfer id in text
 * @param type CloudEvents type, for example {@code dev.ducat.payment.authorized.v1}
 * @param source CloudEvents source, for example {@code /ducat/payments}
 * @param payload the Protobuf message, encoded once, from here to Kafka
 * @param version the payment's own counter; 0 on topics without an order
 */
public record OutboxEvent(
    UUID eventId,
    String topic,
    String key,
    String type,
    String source,
    Buffer payload,
    long version,
    String tenant,
    @Nullable String traceparent,
    Instant createdAt) {}
