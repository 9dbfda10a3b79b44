package dev.ducat.consumer;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.buffer.Buffer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * An event as it came from Kafka: CloudEvents attributes from the headers, data from the value.
 *
 * @param key what the events are ordered by: a payment id, a transfer id
 * @param version the key's own counter 1, 2, 3 …; 0 on topics without an order
 * @param id {@code ce_id}, unique over all events
 * @param type {@code ce_type}, for example {@code dev.ducat.payment.settled.v1}
 * @param time {@code ce_time}, RFC 3339
 * @param payload the Protobuf message {@code ducat.events.v1.*}
 */
public record Event(
    String topic,
    int partition,
    long offset,
    String key,
    long version,
    String id,
    String type,
    String source,
    String time,
    String tenant,
    @Nullable String traceparent,
    Buffer payload) {

  /** Reads a record. What a foreign record lacks is empty, and its place stands in for its id. */
  static Event of(ConsumerRecord<byte[], byte[]> record) {
    String id = header(record, "ce_id");
    return new Event(
        record.topic(),
        record.partition(),
        record.offset(),
        record.key() == null ? "" : new String(record.key(), UTF_8),
        version(record),
        id != null ? id : record.topic() + "/" + record.partition() + "/" + record.offset(),
        orEmpty(header(record, "ce_type")),
        orEmpty(header(record, "ce_source")),
        orEmpty(header(record, "ce_time")),
        orEmpty(header(record, "tenant")),
        header(record, "traceparent"),
        record.value() == null ? Buffer.buffer() : Buffer.buffer(record.value()));
  }

  private static long version(ConsumerRecord<byte[], byte[]> record) {
    String text = header(record, "version");
    try {
      return text == null ? 0 : Math.max(0, Long.parseLong(text));
    } catch (NumberFormatException foreign) {
      return 0;
    }
  }

  private static @Nullable String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null ? null : new String(header.value(), UTF_8);
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
