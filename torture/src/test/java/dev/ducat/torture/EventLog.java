package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.payments.v1.Payment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * What a read_committed consumer with nothing of ours sees of one tenant's payments: every record
 * that is in Kafka now, in its order.
 */
final class EventLog {
  private static final Duration DRAIN_MAX = Duration.ofSeconds(60);

  /** One record: where it lies and what it says. */
  record Entry(int partition, PaymentEvent event) {}

  private final Map<String, List<Entry>> byPayment;

  private EventLog(Map<String, List<Entry>> byPayment) {
    this.byPayment = byPayment;
  }

  /** Reads until every payment of the history has as many events in Kafka as its version says. */
  static EventLog awaitAll(Installation installation, History history) {
    List<EventLog> last = new ArrayList<>();
    await("the events of " + history.tenant() + " are in Kafka")
        .atMost(DRAIN_MAX)
        .pollInterval(Duration.ofMillis(500))
        .until(
            () -> {
              EventLog read = read(installation, history.tenant());
              last.add(read);
              return read.size() >= installation.number(COMMITTED, history.tenant());
            });
    return last.getLast();
  }

  private static final String COMMITTED =
      "select count(*) from outbox.event where topic = '%s' and tenant = ?"
          .formatted(Topics.PAYMENTS);

  /** Reads what is committed now. */
  static EventLog read(Installation installation, String tenant) {
    Map<String, List<Entry>> found = new TreeMap<>();
    drain(
        installation.services().kafka().bootstrap(),
        List.of(Topics.PAYMENTS),
        each -> {
          if (tenant.equals(header(each, "tenant"))) {
            found
                .computeIfAbsent(each.key(), key -> new ArrayList<>())
                .add(new Entry(each.partition(), parse(each)));
          }
        });
    return new EventLog(found);
  }

  /** How many records are committed on all topics of events. */
  static long countAll(String bootstrap) {
    AtomicLong count = new AtomicLong();
    drain(
        bootstrap,
        List.of(Topics.PAYMENTS, Topics.LEDGER, Topics.AUDIT),
        each -> count.incrementAndGet());
    return count.get();
  }

  private static void drain(
      String bootstrap, List<String> topics, Consumer<ConsumerRecord<String, byte[]>> each) {
    Map<String, Object> settings =
        Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
            bootstrap,
            ConsumerConfig.ISOLATION_LEVEL_CONFIG,
            "read_committed",
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
            false,
            ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
            5_000);
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          topics.stream()
              .flatMap(topic -> consumer.partitionsFor(topic).stream())
              .map(part -> new TopicPartition(part.topic(), part.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream()
          .anyMatch(part -> consumer.position(part) < ends.getOrDefault(part, 0L))) {
        consumer.poll(Duration.ofMillis(100)).forEach(each);
      }
    }
  }

  long size() {
    return byPayment.values().stream().mapToLong(List::size).sum();
  }

  /**
   * Asserts O2 and O3 for the payments of a history: versions 1 … n in order, on one partition,
   * each once, the last snapshot being what the clients were told.
   */
  void assertOrderedAndOnce(History history) {
    Map<String, Payment> told = new TreeMap<>();
    history.payments().values().forEach(each -> told.put(each.getPaymentId(), each));
    assertThat(byPayment.keySet()).as("payments in Kafka").isEqualTo(told.keySet());
    byPayment.forEach(
        (id, entries) -> {
          assertThat(entries.stream().map(each -> each.event().getVersion()).toList())
              .as("versions of %s in Kafka", id)
              .isEqualTo(LongStream.rangeClosed(1, entries.size()).boxed().toList());
          assertThat(entries.stream().map(Entry::partition).distinct().toList())
              .as("partitions of %s", id)
              .hasSize(1);
          assertThat(entries.getLast().event().getPayment())
              .as("%s folded from its events", id)
              .isEqualTo(told.get(id));
        });
  }

  private static PaymentEvent parse(ConsumerRecord<String, byte[]> each) {
    try {
      return PaymentEvent.parseFrom(each.value());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("not a PaymentEvent: " + each, e);
    }
  }

  private static String header(ConsumerRecord<String, byte[]> each, String name) {
    Header header = each.headers().lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }
}
