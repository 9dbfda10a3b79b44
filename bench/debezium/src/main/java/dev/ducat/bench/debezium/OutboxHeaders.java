package dev.ducat.bench.debezium;

import java.math.BigInteger;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Goes behind Debezium's outbox event router on Ducat's outbox, where each header has its own
 * column, and finishes what a column cannot say: the event's id with its prefix, times as Ducat
 * writes them, the headers that are the same for every event; and it leaves out those that are
 * null. All headers are text then.
 *
 * @param <R> the kind of record
 */
public final class OutboxHeaders<R extends ConnectRecord<R>> implements Transformation<R> {
  private static final String DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
  private static final int ID_LENGTH = 26;

  /** What the connector says about itself. */
  private static final String DEBEZIUMS_OWN = "__debezium.";

  /** What the router calls the event's id. */
  private static final String ROUTED_ID = "id";

  @Override
  public R apply(R routed) {
    ConnectHeaders headers = new ConnectHeaders();
    for (Header header : routed.headers()) {
      if (header.value() == null || header.key().startsWith(DEBEZIUMS_OWN)) {
        continue;
      }
      String text = String.valueOf(header.value());
      switch (header.key()) {
        case ROUTED_ID -> add(headers, "ce_id", "evt_" + base32(UUID.fromString(text)));
        case "ce_time" ->
            add(headers, "ce_time", OffsetDateTime.parse(text).toInstant().toString());
        default -> add(headers, header.key(), text);
      }
    }
    add(headers, "ce_specversion", "1.0");
    add(headers, "content-type", "application/protobuf");
    return routed.newRecord(
        routed.topic(),
        routed.kafkaPartition(),
        routed.keySchema(),
        routed.key(),
        routed.valueSchema(),
        routed.value(),
        routed.timestamp(),
        headers);
  }

  @Override
  public ConfigDef config() {
    return new ConfigDef();
  }

  @Override
  public void configure(Map<String, ?> settings) {
    // Nothing to choose.
  }

  @Override
  public void close() {
    // Nothing is held.
  }

  private static void add(ConnectHeaders headers, String name, String text) {
    headers.add(name, text, Schema.STRING_SCHEMA);
  }

  /** Crockford's, lower case, as all of Ducat's ids. */
  private static String base32(UUID id) {
    BigInteger bits =
        new BigInteger(Long.toUnsignedString(id.getMostSignificantBits()))
            .shiftLeft(Long.SIZE)
            .or(new BigInteger(Long.toUnsignedString(id.getLeastSignificantBits())));
    StringBuilder digits = new StringBuilder(ID_LENGTH);
    for (int shift = 5 * (ID_LENGTH - 1); shift >= 0; shift -= 5) {
      digits.append(DIGITS.charAt(bits.shiftRight(shift).intValue() & 31));
    }
    return digits.toString();
  }
}
