package dev.ducat.bench.yardstick;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;

/**
 * Topics of a contestant's own, with as many partitions as Ducat's. Closing them deletes them,
 * which Kafka does in its own time: so they get new names each time.
 */
public final class OwnTopics implements AutoCloseable {
  private static final int PARTITIONS = 12;
  private static final Duration ANSWER_MAX = Duration.ofSeconds(30);

  private final Admin admin;
  private final Map<String, String> names = new HashMap<>();
  private final String suffix = "." + UUID.randomUUID().toString().substring(0, 8);

  private OwnTopics(Admin admin, List<String> wanted) {
    this.admin = admin;
    wanted.forEach(name -> names.put(name, name + suffix));
  }

  /** Creates a topic for each name. */
  public static OwnTopics create(String kafka, List<String> wanted) {
    Admin admin = Admin.create(Map.of("bootstrap.servers", kafka));
    OwnTopics topics = new OwnTopics(admin, wanted);
    List<NewTopic> all =
        topics.names.values().stream()
            .map(name -> new NewTopic(name, PARTITIONS, (short) 1))
            .toList();
    answer(admin.createTopics(all).all());
    // Asking for the ends waits until every partition has a leader that serves. Before that, a
    // broker may turn away a producer's first batch and take its second; then the first is out of
    // order for ever.
    topics.records();
    return topics;
  }

  /** What the topic is called in Kafka. */
  public String named(String wanted) {
    String name = names.get(wanted);
    if (name == null) {
      throw new IllegalArgumentException("no topic for " + wanted);
    }
    return name;
  }

  /** What is appended to each name. */
  public String suffix() {
    return suffix;
  }

  /** Records in all topics. */
  public long records() {
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    for (String name : names.values()) {
      for (int partition = 0; partition < PARTITIONS; partition++) {
        ends.put(new TopicPartition(name, partition), OffsetSpec.latest());
      }
    }
    return answer(admin.listOffsets(ends).all()).values().stream()
        .mapToLong(ListOffsetsResultInfo::offset)
        .sum();
  }

  @Override
  public void close() {
    try {
      answer(admin.deleteTopics(names.values()).all());
    } finally {
      admin.close(Duration.ofSeconds(1));
    }
  }

  private static <T> T answer(KafkaFuture<T> future) {
    try {
      return future.get(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException failed) {
      throw new IllegalStateException("Kafka did not do it", failed);
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", ending);
    }
  }
}
