package dev.ducat.bench.ducat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.proto.internal.v1.Receipt;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Sees how far the relay has published, by its receipts in Kafka: they are part of the transactions
 * that carry the events, and reading them costs next to nothing.
 */
public final class Publication implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(5);
  private static final long LOOK_BACK = 64;

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final List<TopicPartition> slots;
  private final Sql sql;
  private final Map<String, Long> published = new HashMap<>();

  public Publication(Installation ducat) {
    sql = Sql.open(ducat.postgres());
    // Looking must not cost what is looked at: unfinished sagas have an index.
    sql.run("set enable_seqscan = off");
    consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                ducat.kafka(),
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                10_000),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    slots =
        consumer.partitionsFor(Topics.RELAY_POSITIONS).stream()
            .map(one -> new TopicPartition(one.topic(), one.partition()))
            .toList();
    consumer.assign(slots);
    // The last receipt of a slot is near the end: behind it are only marks of transactions.
    Map<TopicPartition, Long> first = consumer.beginningOffsets(slots);
    consumer
        .endOffsets(slots)
        .forEach(
            (slot, end) ->
                consumer.seek(slot, Math.max(first.getOrDefault(slot, 0L), end - LOOK_BACK)));
  }

  /**
   * Waits until every saga has ended and every event committed until then is in Kafka.
   *
   * @throws IllegalStateException when that does not come within {@code limit}
   */
  public void awaitEverything(Duration limit) {
    long start = System.nanoTime();
    while (true) {
      poll();
      // In this order: what ends in between has its events in the heads read after it.
      boolean over = sql.number("select count(*) from payment.saga where not finished") == 0;
      long missing = missing();
      if (over && missing == 0) {
        return;
      }
      if (System.nanoTime() - start > limit.toNanos()) {
        throw new IllegalStateException(
            "after %d s %d events are not in Kafka, or a saga has not ended"
                .formatted(limit.toSeconds(), missing));
      }
    }
  }

  /** Committed events that are not in Kafka yet. */
  public long missing() {
    long missing = 0;
    for (List<String> row : sql.texts("select stream, head from outbox.stream where head > 0")) {
      missing += Long.parseLong(row.get(1)) - published.getOrDefault(row.get(0), 0L);
    }
    return missing;
  }

  /** The last receipt of each slot that has any, by partition. Nobody may publish meanwhile. */
  Map<Integer, ConsumerRecord<byte[], byte[]>> lastReceipts() {
    Map<Integer, ConsumerRecord<byte[], byte[]>> last = new HashMap<>();
    Map<TopicPartition, Long> ends = consumer.endOffsets(slots);
    while (ends.entrySet().stream()
        .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      consumer.poll(POLL).forEach(record -> last.put(record.partition(), record));
    }
    return last;
  }

  /** Takes in what is new; call it now and then during a run, so that its end is near. */
  public void poll() {
    consumer
        .poll(POLL)
        .forEach(
            record -> {
              try {
                Receipt.parseFrom(record.value())
                    .getPositionsList()
                    .forEach(one -> published.put(one.getStream(), one.getSeq()));
              } catch (InvalidProtocolBufferException broken) {
                throw new IllegalStateException("a receipt cannot be read", broken);
              }
            });
  }

  @Override
  public void close() {
    consumer.close();
    sql.close();
  }
}
