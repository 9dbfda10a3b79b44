package dev.ducat.launcher.events;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.proto.events.v1.AuditEvent;
import dev.ducat.proto.events.v1.LedgerHeadEvent;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.events.v1.TransferEvent;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Which message a record holds: by its topic and, for audit events, by its type. */
public final class EventDecoder {
  private static final String LEDGER_HEAD = "dev.ducat.audit.ledger_head.v1";

  private EventDecoder() {}

  /**
   * The message.
   *
   * @throws IllegalArgumentException when the record is not one of Ducat's
   */
  public static Message decode(ConsumerRecord<String, byte[]> record) {
    byte[] value = record.value();
    try {
      return switch (record.topic()) {
        case Topics.PAYMENTS -> PaymentEvent.parseFrom(value);
        case Topics.LEDGER -> TransferEvent.parseFrom(value);
        case Topics.AUDIT ->
            LEDGER_HEAD.equals(header(record, "ce_type"))
                ? LedgerHeadEvent.parseFrom(value)
                : AuditEvent.parseFrom(value);
        default -> throw new IllegalArgumentException("not a topic of events: " + record.topic());
      };
    } catch (InvalidProtocolBufferException broken) {
      throw new IllegalArgumentException(
          "%s/%d at %d is not readable"
              .formatted(record.topic(), record.partition(), record.offset()),
          broken);
    }
  }

  /** A header as text, empty when there is none. */
  public static String header(ConsumerRecord<String, byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null
        ? ""
        : new String(header.value(), StandardCharsets.UTF_8);
  }

  /** The payment that a record is about; empty when it is about none. */
  public static String paymentOf(ConsumerRecord<String, byte[]> record, Message message) {
    return switch (message) {
      case PaymentEvent event -> event.getPaymentId();
      case TransferEvent event -> event.getTransfer().getReference();
      case AuditEvent event ->
          event.getResource().startsWith("pay_")
              ? event.getResource()
              : event.getDetailsOrDefault("payment_id", record.key() == null ? "" : record.key());
      default -> "";
    };
  }
}
