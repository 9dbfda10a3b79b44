package dev.ducat.relay;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.StoredEvent;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * Outbox rows as Kafka records: CloudEvents in binary mode, whose attributes are headers and whose
 * data is the value. The partition follows from the key by Kafka's default, so a payment's events
 * stay in order.
 */
final class EventRecords {
  private static final Header SPEC_VERSION = header("ce_specversion", "1.0");
  private static final Header CONTENT_TYPE = header("content-type", "application/protobuf");

  private EventRecords() {}

  static ProducerRecord<byte[], byte[]> of(StoredEvent stored) {
    OutboxEvent event = stored.event();
    byte[] key = event.key().getBytes(UTF_8);
    List<Header> headers = new ArrayList<>(13);
    headers.add(header("ce_id", IdKind.EVENT.text(event.eventId())));
    headers.add(header("ce_type", event.type()));
    headers.add(header("ce_source", event.source()));
    headers.add(header("ce_time", event.createdAt().toString()));
    headers.add(new RecordHeader("ce_subject", key));
    headers.add(SPEC_VERSION);
    headers.add(CONTENT_TYPE);
    headers.add(header("tenant", event.tenant()));
    headers.add(header("version", Long.toString(event.version())));
    headers.add(header("stream", stored.stream()));
    headers.add(header("seq", Long.toString(stored.seq())));
    if (event.traceparent() != null) {
      headers.add(header("traceparent", event.traceparent()));
    }
    return new ProducerRecord<>(
        event.topic(), null, null, key, event.payload().getBytes(), headers);
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(UTF_8));
  }
}
