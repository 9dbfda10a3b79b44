package dev.ducat.launcher.events;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads all partitions of some topics without a consumer group: nobody else notices. Only committed
 * transactions are seen. Not for several threads.
 */
public final class EventReader implements AutoCloseable {
  private static final int ADMIN_MS = 10_000;

  private final KafkaConsumer<String, byte[]> consumer;
  private final Set<TopicPartition> partitions;

  private EventReader(
      KafkaConsumer<String, byte[]> consumer, Collection<TopicPartition> partitions) {
    this.consumer = consumer;
    this.partitions = Set.copyOf(partitions);
  }

  /**
   * Opens a reader at the beginning or the end of the topics; those that do not exist are left out.
   *
   * @throws IllegalStateException when Kafka does not answer
   */
  public static EventReader open(String bootstrap, List<String> topics, boolean fromBeginning) {
    List<TopicPartition> partitions = partitionsOf(bootstrap, topics);
    KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false,
                ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                false,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                5_000),
            new StringDeserializer(),
            new ByteArrayDeserializer());
    consumer.assign(partitions);
    if (fromBeginning) {
      consumer.seekToBeginning(partitions);
    } else {
      consumer.seekToEnd(partitions);
    }
    // Seeking is lazy: the position is fixed here, before whatever the caller does next.
    partitions.forEach(consumer::position);
    return new EventReader(consumer, partitions);
  }

  /** Whether any of the topics exists. */
  public boolean hasTopics() {
    return !partitions.isEmpty();
  }

  /** What has come, in order per partition; empty when nothing came within {@code wait}. */
  public List<ConsumerRecord<String, byte[]>> poll(Duration wait) {
    List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
    if (hasTopics()) {
      consumer.poll(wait).forEach(records::add);
    }
    return records;
  }

  /** Everything up to what is committed now. */
  public List<ConsumerRecord<String, byte[]>> drain() {
    List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    while (ends.entrySet().stream()
        .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      records.addAll(poll(Duration.ofMillis(100)));
    }
    return records;
  }

  @Override
  public void close() {
    consumer.close();
  }

  private static List<TopicPartition> partitionsOf(String bootstrap, List<String> topics) {
    Map<String, Object> settings =
        Map.of(
            AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
            AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ADMIN_MS,
            AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ADMIN_MS / 2);
    try (Admin admin = Admin.create(settings)) {
      Set<String> there = admin.listTopics().names().get();
      List<String> found = topics.stream().filter(there::contains).toList();
      List<TopicPartition> partitions = new ArrayList<>();
      admin
          .describeTopics(found)
          .allTopicNames()
          .get()
          .forEach(
              (topic, description) ->
                  description
                      .partitions()
                      .forEach(one -> partitions.add(new TopicPartition(topic, one.partition()))));
      return partitions;
    } catch (ExecutionException away) {
      throw new IllegalStateException("Kafka at " + bootstrap + " does not answer", away);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while asking Kafka", stopped);
    }
  }
}
