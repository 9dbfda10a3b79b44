package dev.ducat.relay;

import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.sql.Await;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.producer.KafkaProducer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * The two transactional producers of a slot, taking turns: while the broker still writes the
 * markers of one's transaction, the other begins the next, instead of waiting 20 ms for being
 * refused.
 *
 * <p>The turn always begins with {@code a}. Two owners may overlap when one of them was paused at
 * the wrong moment and initializes late, and then each may hold one of the producers. Whoever lacks
 * {@code a} cannot begin, and whoever lacks {@code b} cannot go on after one transaction; so nobody
 * publishes behind the back of somebody who has read the last receipt.
 */
final class ProducerPair {
  private static final Duration BLOCK_MAX = Duration.ofSeconds(5);
  private static final Duration DELIVERY_MAX = Duration.ofSeconds(10);

  /** What Kafka does beyond its own limits is not waited for. */
  private static final Duration ANSWER_MAX = Duration.ofSeconds(15);

  private static final Duration TRANSACTION_MAX = Duration.ofSeconds(30);

  private final List<KafkaProducer<byte[], byte[]>> producers;
  private int turn;

  private ProducerPair(List<KafkaProducer<byte[], byte[]>> producers) {
    this.producers = producers;
  }

  /**
   * Creates and initializes both: afterwards every transaction of a predecessor is committed or
   * never will be.
   *
   * @param epoch of the lease, to tell the clients of two owners apart in the broker's log
   */
  static ProducerPair open(Vertx vertx, RelaySettings settings, int slot, long epoch) {
    ProducerPair pair =
        new ProducerPair(
            List.of(
                KafkaProducer.create(vertx, config(settings, "ducat-relay-" + slot + "-a", epoch)),
                KafkaProducer.create(
                    vertx, config(settings, "ducat-relay-" + slot + "-b", epoch))));
    try {
      Await.result(
          Future.join(pair.producers.stream().map(KafkaProducer::initTransactions).toList()),
          ANSWER_MAX);
      return pair;
    } catch (RuntimeException failed) {
      pair.close();
      throw failed;
    }
  }

  /**
   * Sends events and receipt in one transaction of the producer whose turn it is, up to the point
   * where only the commit is missing. Every record is acknowledged when this returns.
   *
   * @throws RelayStopped when Kafka refuses an event for good
   * @throws KafkaException when Kafka does not take them now
   */
  Transaction send(List<StoredEvent> events, ProducerRecord<byte[], byte[]> receipt) {
    KafkaProducer<byte[], byte[]> producer = producers.get(turn);
    turn = 1 - turn;
    Await.result(producer.beginTransaction(), ANSWER_MAX);
    AtomicReference<@Nullable Refused> first = new AtomicReference<>();
    try {
      sendAll(producer.unwrap(), events, receipt, first);
      Await.result(producer.flush(), ANSWER_MAX);
    } catch (RuntimeException failed) {
      // After a refusal the next call fails too, saying only that an earlier one did.
      first.compareAndSet(null, new Refused(null, failed));
    }
    Refused refused = first.get();
    if (refused != null) {
      throw refused.asException();
    }
    return () -> Await.result(producer.commitTransaction(), ANSWER_MAX);
  }

  /**
   * Past the Vert.x wrapper, which spends a promise, a worker task and an event-loop task on each
   * record; all that is of interest here is the first failure.
   */
  @SuppressWarnings("FutureReturnValueIgnored") // The callbacks hear of every failure.
  private static void sendAll(
      Producer<byte[], byte[]> direct,
      List<StoredEvent> events,
      ProducerRecord<byte[], byte[]> receipt,
      AtomicReference<@Nullable Refused> first) {
    for (StoredEvent event : events) {
      direct.send(EventRecords.of(event), (sent, why) -> note(first, event, why));
      if (first.get() != null) {
        // Else each of a thousand events would wait for a broker that is away.
        return;
      }
    }
    direct.send(receipt, (sent, why) -> note(first, null, why));
  }

  private static void note(
      AtomicReference<@Nullable Refused> first,
      @Nullable StoredEvent event,
      @Nullable Exception why) {
    if (why != null) {
      first.compareAndSet(null, new Refused(event, why));
    }
  }

  /** Records that Kafka has, not yet for a read_committed reader. */
  interface Transaction {
    /** Commits. Whatever is thrown here leaves it unknown whether it did. */
    void commit();
  }

  private record Refused(@Nullable StoredEvent event, Exception why) {
    RuntimeException asException() {
      boolean forGood =
          why instanceof RecordTooLargeException
              || why instanceof InvalidTopicException
              || why instanceof SerializationException
              || why instanceof TopicAuthorizationException
              || why instanceof UnknownTopicOrPartitionException;
      if (forGood && event != null) {
        return new RelayStopped(
            "Kafka refuses event %s (%s %d, topic %s): %s"
                .formatted(
                    event.event().eventId(),
                    event.stream(),
                    event.seq(),
                    event.event().topic(),
                    why.getMessage()));
      }
      return why instanceof RuntimeException known ? known : new KafkaException(why);
    }
  }

  /** Closes both without waiting: what is open is aborted by the next initialization. */
  void close() {
    // The wrapper's close cannot be told not to wait at all.
    producers.forEach(
        producer ->
            Thread.ofVirtual()
                .name("relay-close")
                .start(() -> producer.unwrap().close(Duration.ZERO)));
  }

  private static Map<String, String> config(
      RelaySettings settings, String transactionalId, long epoch) {
    Map<String, String> config = new HashMap<>(settings.kafka());
    config.put("bootstrap.servers", settings.bootstrap());
    config.put("transactional.id", transactionalId);
    config.put("client.id", transactionalId + "-" + epoch);
    config.put("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
    config.put("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
    config.put("acks", "all");
    config.put("enable.idempotence", "true");
    config.put("max.block.ms", Long.toString(BLOCK_MAX.toMillis()));
    config.put("request.timeout.ms", Long.toString(BLOCK_MAX.toMillis()));
    config.put("delivery.timeout.ms", Long.toString(DELIVERY_MAX.toMillis()));
    config.put("transaction.timeout.ms", Long.toString(TRANSACTION_MAX.toMillis()));
    config.put("linger.ms", "5");
    config.put("batch.size", Integer.toString(128 << 10));
    config.put("reconnect.backoff.max.ms", "5000");
    config.put("enable.metrics.push", "false");
    return config;
  }
}
