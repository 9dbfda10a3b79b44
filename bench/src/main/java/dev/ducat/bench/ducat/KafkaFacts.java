package dev.ducat.bench.ducat;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.outbox.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What a {@code read_committed} consumer has got since a mark: counted, not kept. */
final class KafkaFacts {
  private static final Duration POLL = Duration.ofMillis(200);

  private long records;
  private long idsXor;
  private long outOfOrder;
  private final Map<Long, Long> versions = new HashMap<>();

  private KafkaFacts() {}

  /** Where the topics end now. */
  static Map<TopicPartition, Long> ends(String bootstrap) {
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(bootstrap)) {
      return consumer.endOffsets(partitions(consumer));
    }
  }

  /** Reads from the mark to the end. */
  static KafkaFacts since(String bootstrap, Map<TopicPartition, Long> mark) {
    KafkaFacts facts = new KafkaFacts();
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(bootstrap)) {
      List<TopicPartition> partitions = partitions(consumer);
      consumer.assign(partitions);
      partitions.forEach(one -> consumer.seek(one, mark.getOrDefault(one, 0L)));
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream()
          .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        consumer.poll(POLL).forEach(facts::add);
      }
    }
    return facts;
  }

  /** Follows the topics from their ends on, as they are now. */
  static Follower follow(String bootstrap) {
    KafkaConsumer<byte[], byte[]> consumer = consumer(bootstrap);
    List<TopicPartition> partitions = partitions(consumer);
    consumer.assign(partitions);
    consumer.seekToEnd(partitions);
    // Seeking is lazy: the positions are fixed here, before whatever the caller does next.
    partitions.forEach(consumer::position);
    return new Follower(consumer);
  }

  /** A consumer of what is new. Not for several threads, but any one. */
  record Follower(KafkaConsumer<byte[], byte[]> consumer) implements AutoCloseable {
    /** Low halves of the ids of the events that have come; empty when none came for a while. */
    List<Long> poll() {
      List<Long> ids = new ArrayList<>();
      consumer.poll(POLL).forEach(record -> ids.add(id(record).getLeastSignificantBits()));
      return ids;
    }

    @Override
    public void close() {
      consumer.close();
    }
  }

  private static KafkaConsumer<byte[], byte[]> consumer(String bootstrap) {
    return new KafkaConsumer<>(
        Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
            bootstrap,
            ConsumerConfig.ISOLATION_LEVEL_CONFIG,
            "read_committed",
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
            false,
            ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
            10_000),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  private static List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer) {
    List<TopicPartition> all = new ArrayList<>();
    for (String topic : List.of(Topics.PAYMENTS, Topics.LEDGER, Topics.AUDIT)) {
      consumer
          .partitionsFor(topic)
          .forEach(one -> all.add(new TopicPartition(topic, one.partition())));
    }
    return all;
  }

  private void add(ConsumerRecord<byte[], byte[]> record) {
    records++;
    UUID id = id(record);
    idsXor ^= id.getLeastSignificantBits() ^ id.getMostSignificantBits();
    if (record.topic().equals(Topics.PAYMENTS)) {
      long version = Long.parseLong(header(record, "version"));
      Long before = versions.put(hash(new String(record.key(), UTF_8)), version);
      if (version != (before == null ? 1 : before + 1)) {
        outOfOrder++;
      }
    }
  }

  private static UUID id(ConsumerRecord<byte[], byte[]> record) {
    return IdKind.EVENT.parse(header(record, "ce_id")).orElseThrow();
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }

  /** 64 bits of FNV-1a: enough to tell a few million ids apart. */
  static long hash(String text) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  long records() {
    return records;
  }

  /** All event ids, both halves, combined by exclusive or. */
  long idsXor() {
    return idsXor;
  }

  /** Records of payments that did not follow the version before. */
  long outOfOrder() {
    return outOfOrder;
  }

  /** Payments that have records. */
  java.util.Set<Long> payments() {
    return versions.keySet();
  }
}
