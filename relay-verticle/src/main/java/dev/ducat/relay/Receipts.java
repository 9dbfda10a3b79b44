package dev.ducat.relay;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.internal.v1.Receipt;
import dev.ducat.relay.SlotSession.Setting;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.consumer.KafkaConsumer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * The receipts of one slot: its partition of the positions topic, of which only the last record
 * counts.
 */
final class Receipts {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(10);
  private static final Duration STABLE_MAX = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration STABLE_POLL = Duration.ofMillis(5);

  /** Reading begins this far before the end, and further away each time nothing is found. */
  private static final long LOOK_BACK = 16;

  private final Vertx vertx;
  private final Clock clock;
  private final RelaySettings settings;
  private final KafkaSetup kafka;
  private final TopicPartition partition;
  private final byte[] key;

  Receipts(Setting setting, int slot) {
    this.vertx = setting.vertx();
    this.clock = setting.node().clock();
    this.settings = setting.relay();
    this.kafka = setting.kafka();
    this.partition = new TopicPartition(Topics.RELAY_POSITIONS, slot);
    this.key = UnitKind.RELAY_SLOT.address(slot).getBytes(UTF_8);
  }

  /**
   * What the last receipt says.
   *
   * @param redriven parked events that were published with it
   */
  record Last(Positions positions, List<Place> redriven) {}

  ProducerRecord<byte[], byte[]> record(Receipt receipt) {
    return new ProducerRecord<>(
        partition.topic(), partition.partition(), key, receipt.toByteArray());
  }

  /**
   * The last committed receipt. Call it after both producers of the slot were initialized: then no
   * transaction of a predecessor can still commit, and what is open is about to be resolved.
   *
   * @throws RelayStopped when a receipt cannot be read
   */
  Optional<Last> last() {
    long end = awaitStable();
    if (end == 0) {
      return Optional.empty();
    }
    KafkaConsumer<byte[], byte[]> consumer = KafkaConsumer.create(vertx, consumerConfig());
    try {
      var receipts =
          new io.vertx.kafka.client.common.TopicPartition(partition.topic(), partition.partition());
      Await.result(consumer.assign(receipts), ANSWER_MAX);
      long first = Await.result(consumer.beginningOffsets(receipts), ANSWER_MAX);
      for (long back = LOOK_BACK; ; back *= 16) {
        long from = Math.max(first, end - back);
        Await.result(consumer.seek(receipts, from), ANSWER_MAX);
        Optional<Last> last = Optional.empty();
        // The position, not the records, tells the end: behind the last record lies its commit
        // marker.
        while (Await.result(consumer.position(receipts), ANSWER_MAX) < end) {
          for (ConsumerRecord<byte[], byte[]> record :
              Await.result(consumer.poll(POLL), ANSWER_MAX).records()) {
            last = Optional.of(parse(record));
          }
        }
        if (last.isPresent() || from == first) {
          return last;
        }
      }
    } finally {
      consumer.close();
    }
  }

  /** Waits until no transaction is open on the partition, and says where it ends. */
  private long awaitStable() {
    long deadline = clock.monotonicNanos() + STABLE_MAX.toNanos();
    while (clock.monotonicNanos() - deadline < 0) {
      long highWatermark = kafka.end(partition, IsolationLevel.READ_UNCOMMITTED);
      if (kafka.end(partition, IsolationLevel.READ_COMMITTED) >= highWatermark) {
        return highWatermark;
      }
      LockSupport.parkNanos(STABLE_POLL.toNanos());
    }
    throw new KafkaException("a transaction stays open on " + partition);
  }

  private static Last parse(ConsumerRecord<byte[], byte[]> record) {
    try {
      Receipt receipt = Receipt.parseFrom(record.value());
      return new Last(
          Positions.of(receipt),
          receipt.getRedrivenList().stream()
              .map(event -> new Place(event.getStream(), event.getSeq()))
              .toList());
    } catch (InvalidProtocolBufferException | RuntimeException broken) {
      throw new RelayStopped(
          "the receipt at offset %d is unreadable: %s"
              .formatted(record.offset(), broken.getMessage()));
    }
  }

  private Map<String, String> consumerConfig() {
    Map<String, String> config = new HashMap<>(settings.kafka());
    config.put("bootstrap.servers", settings.bootstrap());
    config.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
    config.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
    config.put("isolation.level", "read_committed");
    config.put("enable.auto.commit", "false");
    config.put("auto.offset.reset", "earliest");
    config.put("client.id", "ducat-relay-receipts-" + partition.partition());
    return config;
  }
}
