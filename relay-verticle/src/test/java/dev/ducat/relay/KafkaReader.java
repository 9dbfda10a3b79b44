package dev.ducat.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.Service;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.outbox.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What a read_committed reader finds in the event topics of the shared broker. */
final class KafkaReader implements AutoCloseable {
  static final List<String> EVENT_TOPICS = List.of(Topics.PAYMENTS, Topics.LEDGER, Topics.AUDIT);

  private static final String MAX_BYTES = "max.message.bytes";

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();

  private final List<String> topics;

  KafkaReader() {
    this(EVENT_TOPICS);
  }

  KafkaReader(List<String> topics) {
    this.topics = topics;
    consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                bootstrap(),
                "isolation.level",
                "read_committed",
                "enable.auto.commit",
                false,
                "auto.offset.reset",
                "earliest"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
  }

  static String bootstrap() {
    return EmbeddedServices.forTests(Service.KAFKA).kafka().bootstrap();
  }

  /** Deletes all topics of an earlier test, whose receipts belong to a database that is gone. */
  static void forgetTopics() {
    try (Admin admin = admin()) {
      List<String> all =
          Stream.concat(EVENT_TOPICS.stream(), Stream.of(Topics.RELAY_POSITIONS)).toList();
      await()
          .atMost(Duration.ofSeconds(20))
          .ignoreExceptionsMatching(KafkaReader::isGoneAlready)
          .until(
              () -> {
                Set<String> present = new HashSet<>(admin.listTopics().names().get());
                present.retainAll(all);
                if (!present.isEmpty()) {
                  admin.deleteTopics(present).all().get();
                }
                return present.isEmpty();
              });
    }
  }

  /** The broker lists a deleted topic for a moment longer. */
  private static boolean isGoneAlready(Throwable failure) {
    return failure.getCause() instanceof UnknownTopicOrPartitionException;
  }

  static Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", bootstrap()));
  }

  /** All records so far. */
  List<ConsumerRecord<byte[], byte[]>> read() {
    if (consumer.assignment().isEmpty()) {
      List<TopicPartition> partitions =
          consumer.listTopics().entrySet().stream()
              .filter(topic -> topics.contains(topic.getKey()))
              .flatMap(topic -> topic.getValue().stream())
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      if (partitions.isEmpty()) {
        return records;
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
    }
    consumer.poll(Duration.ofMillis(100)).forEach(records::add);
    return records;
  }

  /**
   * Waits until everything written has arrived, then checks that it arrived once, in order on one
   * partition per key, and that nothing else did.
   */
  void awaitExactly(Collection<StoredEvent> written) {
    await()
        .atMost(Duration.ofSeconds(60))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> !read().isEmpty() && written().size() >= written.size());
    // Whatever was published twice lies behind what was awaited.
    read();
    List<ConsumerRecord<byte[], byte[]>> records = written();
    List<String> arrived =
        records.stream().map(r -> header(r, "stream") + " " + header(r, "seq")).toList();
    assertThat(arrived)
        .containsExactlyInAnyOrderElementsOf(
            written.stream().map(event -> event.stream() + " " + event.seq()).toList());
    Map<String, Long> lastVersion = new HashMap<>();
    Map<String, Integer> partition = new HashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      String key = new String(record.key(), UTF_8);
      long version = Long.parseLong(header(record, "version"));
      assertThat(version).as(key).isEqualTo(lastVersion.merge(key, 1L, Long::sum));
      assertThat(record.partition())
          .isEqualTo(partition.computeIfAbsent(key, k -> record.partition()));
    }
  }

  /**
   * Waits until everything written has arrived, then checks that of each key the first arrivals are
   * in order and without gaps.
   *
   * @return how many records came again
   */
  int awaitAtLeastOnce(Collection<StoredEvent> written) {
    Map<String, Set<Long>> wanted = new HashMap<>();
    written.forEach(
        event ->
            wanted
                .computeIfAbsent(event.event().key(), key -> new TreeSet<>())
                .add(event.event().version()));
    await()
        .atMost(Duration.ofSeconds(60))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(
            () -> {
              read();
              assertThat(firstArrivals()).containsOnlyKeys(wanted.keySet());
              firstArrivals()
                  .forEach(
                      (key, versions) ->
                          assertThat(versions).as(key).containsExactlyElementsOf(wanted.get(key)));
            });
    return written().size() - written.size();
  }

  private Map<String, List<Long>> firstArrivals() {
    Map<String, List<Long>> first = new HashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : written()) {
      List<Long> versions =
          first.computeIfAbsent(new String(record.key(), UTF_8), key -> new ArrayList<>());
      long version = Long.parseLong(header(record, "version"));
      if (!versions.contains(version)) {
        versions.add(version);
      }
    }
    return first;
  }

  /** All records so far but what the relay has to tell itself. */
  private List<ConsumerRecord<byte[], byte[]>> written() {
    return records.stream().filter(r -> !header(r, "stream").startsWith("relay.slot.")).toList();
  }

  /** Creates the topic of payments with room for records of this size only. */
  static void narrowTopic(int bytes) throws Exception {
    try (Admin admin = admin()) {
      NewTopic narrow = new NewTopic(Topics.PAYMENTS, 12, (short) 1);
      narrow.configs(Map.of(MAX_BYTES, Integer.toString(bytes)));
      admin.createTopics(List.of(narrow)).all().get();
    }
  }

  /** Gives the topic of payments room for any record. */
  static void widenTopic() throws Exception {
    try (Admin admin = admin()) {
      AlterConfigOp set =
          new AlterConfigOp(new ConfigEntry(MAX_BYTES, "1000000"), AlterConfigOp.OpType.SET);
      ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, Topics.PAYMENTS);
      admin.incrementalAlterConfigs(Map.of(topic, List.of(set))).all().get();
    }
  }

  static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? "" : new String(header.value(), UTF_8);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
