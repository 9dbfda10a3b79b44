package dev.ducat.relay;

import dev.ducat.kernel.outbox.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Kafka as an administrator sees it: the topics there are, and where partitions end. Blocks; for
 * virtual threads only. This is Kafka's own client: the Vert.x one cannot ask for the last stable
 * offset.
 */
final class KafkaSetup implements AutoCloseable {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(5);
  private static final int VISIBLE_ATTEMPTS = 40;
  private static final Duration VISIBLE_PAUSE = Duration.ofMillis(50);

  /** The topics of events, which are made where they are missing. */
  static final List<String> EVENTS = List.of(Topics.PAYMENTS, Topics.LEDGER, Topics.AUDIT);

  private final RelaySettings settings;
  private final int slots;
  private final Admin admin;

  /** Connects to nothing yet. */
  KafkaSetup(RelaySettings settings, int slots) {
    this.settings = settings;
    this.slots = slots;
    Map<String, Object> config = new HashMap<>(settings.kafka());
    config.put("bootstrap.servers", settings.bootstrap());
    config.put("client.id", "ducat-relay-admin");
    config.put("request.timeout.ms", (int) ANSWER_MAX.toMillis());
    config.put("default.api.timeout.ms", (int) ANSWER_MAX.toMillis());
    config.put("reconnect.backoff.max.ms", 5_000);
    this.admin = Admin.create(config);
  }

  /**
   * Returns when Kafka answers and has the topics, creating those it lacks.
   *
   * @throws RelayStopped when a topic is not what the relay needs
   * @throws KafkaException when Kafka does not answer
   */
  void verify() {
    create();
    answer(admin.describeTopics(List.of(Topics.RELAY_POSITIONS)).allTopicNames())
        .values()
        .forEach(this::checkPartitions);
    answer(admin.describeConfigs(all().stream().map(KafkaSetup::resource).toList()).all())
        .forEach((resource, config) -> checkCleanup(resource.name(), config));
  }

  /**
   * The end of a partition for a reader of this isolation: the last stable offset, or the high
   * watermark.
   */
  long end(TopicPartition partition, IsolationLevel isolation) {
    return answer(
            admin
                .listOffsets(
                    Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(isolation))
                .partitionResult(partition))
        .offset();
  }

  @Override
  public void close() {
    admin.close(Duration.ofMillis(500));
  }

  private void create() {
    Set<String> present = answer(admin.listTopics().names());
    List<NewTopic> missing = new ArrayList<>();
    for (String topic : EVENTS) {
      if (!present.contains(topic)) {
        missing.add(topic(topic, settings.partitions(), Map.of()));
      }
    }
    if (!present.contains(Topics.RELAY_POSITIONS)) {
      // Small segments, because the newest one is never compacted.
      Map<String, String> compacted =
          Map.of(
              TopicConfig.CLEANUP_POLICY_CONFIG,
              TopicConfig.CLEANUP_POLICY_COMPACT,
              TopicConfig.SEGMENT_BYTES_CONFIG,
              Integer.toString(16 << 20),
              TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG,
              "0.1");
      missing.add(topic(Topics.RELAY_POSITIONS, slots, compacted));
    }
    try {
      answer(admin.createTopics(missing).all());
    } catch (TopicExistsException another) {
      // Another node was faster with one of them; what is still missing comes in the next attempt.
    }
    awaitVisible();
  }

  /** A broker hears of a topic a moment after the controller has created it. */
  private void awaitVisible() {
    for (int attempt = 1; ; attempt++) {
      try {
        answer(admin.describeTopics(all()).allTopicNames());
        return;
      } catch (UnknownTopicOrPartitionException notYet) {
        if (attempt == VISIBLE_ATTEMPTS) {
          throw notYet;
        }
        LockSupport.parkNanos(VISIBLE_PAUSE.toNanos());
      }
    }
  }

  private NewTopic topic(String name, int partitions, Map<String, String> config) {
    Map<String, String> all = new HashMap<>(config);
    if (settings.replicationFactor() > 2) {
      all.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, "2");
    }
    return new NewTopic(name, partitions, settings.replicationFactor()).configs(all);
  }

  private void checkPartitions(TopicDescription receipts) {
    int partitions = receipts.partitions().size();
    if (partitions != slots) {
      throw new RelayStopped(
          "topic %s has %d partitions, the relay has %d slots"
              .formatted(receipts.name(), partitions, slots));
    }
  }

  /**
   * Receipts must outlive any retention, and events must outlive any later event of the same
   * payment.
   */
  private static void checkCleanup(String topic, Config config) {
    String policy = config.get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
    boolean receipts = topic.equals(Topics.RELAY_POSITIONS);
    if (receipts
        ? !policy.equals(TopicConfig.CLEANUP_POLICY_COMPACT)
        : policy.contains(TopicConfig.CLEANUP_POLICY_COMPACT)) {
      throw new RelayStopped(
          "topic %s has cleanup.policy=%s, it must be %s"
              .formatted(topic, policy, receipts ? "compact only" : "without compact"));
    }
  }

  private static Collection<String> all() {
    List<String> topics = new ArrayList<>(EVENTS);
    topics.add(Topics.RELAY_POSITIONS);
    return topics;
  }

  private static ConfigResource resource(String topic) {
    return new ConfigResource(ConfigResource.Type.TOPIC, topic);
  }

  private static <T> T answer(KafkaFuture<T> future) {
    try {
      return future.get(2 * ANSWER_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof RuntimeException cause
          ? cause
          : new KafkaException(failed.getCause());
    } catch (TimeoutException late) {
      throw new KafkaException("no answer from Kafka", late);
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
      throw new KafkaException(ending);
    }
  }
}
