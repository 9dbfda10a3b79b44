package dev.ducat.consumer;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How a consumer reads.
 *
 * @param name of the consumer: Kafka's group id, and the owner of its rows in the inbox. All
 *     processes of one name share the partitions
 * @param kafka further settings of the Kafka client, for example {@code security.protocol}
 * @param batchMax events in one transaction
 * @param answerMax how long one transaction, the handler's part included, may take
 * @param retryMax the longest pause between two attempts at an event that the handler refuses
 */
public record ConsumerSettings(
    String name,
    String bootstrap,
    List<String> topics,
    Map<String, String> kafka,
    FirstContact firstContact,
    int batchMax,
    Duration answerMax,
    Duration retryMax) {

  public ConsumerSettings {
    topics = List.copyOf(topics);
    kafka = Map.copyOf(kafka);
    if (name.isBlank() || bootstrap.isBlank() || topics.isEmpty()) {
      throw new IllegalArgumentException("a consumer needs a name, a broker and a topic");
    }
    if (batchMax < 1 || !answerMax.isPositive() || !retryMax.isPositive()) {
      throw new IllegalArgumentException("batchMax, answerMax and retryMax must be positive");
    }
  }

  /** From the beginning of the topics, 500 events to a transaction. */
  public static ConsumerSettings of(String name, String bootstrap, String... topics) {
    return new ConsumerSettings(
        name,
        bootstrap,
        List.of(topics),
        Map.of(),
        FirstContact.BEGINNING,
        500,
        Duration.ofSeconds(30),
        Duration.ofSeconds(10));
  }

  public ConsumerSettings withFirstContact(FirstContact changed) {
    return new ConsumerSettings(
        name, bootstrap, topics, kafka, changed, batchMax, answerMax, retryMax);
  }

  public ConsumerSettings withKafka(Map<String, String> changed) {
    return new ConsumerSettings(
        name, bootstrap, topics, changed, firstContact, batchMax, answerMax, retryMax);
  }

  /** A stable name for this process, under which it goes on at once after a kill. */
  public ConsumerSettings withInstance(String instance) {
    Map<String, String> changed = new HashMap<>(kafka);
    changed.put("group.instance.id", instance);
    return withKafka(changed);
  }

  public ConsumerSettings withBatchMax(int changed) {
    return new ConsumerSettings(
        name, bootstrap, topics, kafka, firstContact, changed, answerMax, retryMax);
  }

  public ConsumerSettings withRetryMax(Duration changed) {
    return new ConsumerSettings(
        name, bootstrap, topics, kafka, firstContact, batchMax, answerMax, changed);
  }
}
