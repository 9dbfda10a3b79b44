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
import org.apache.kafka.clients.producer.ProducerRecord;
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
final class ProducerPair implements Publisher {
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
   * where only the commit is missing.
   */
  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // The callback hears of a failure.
  public Transaction send(List<StoredEvent> events, ProducerRecord<byte[], byte[]> receipt) {
    KafkaProducer<byte[], byte[]> producer = producers.get(turn);
    turn = 1 - turn;
    Await.result(producer.beginTransaction(), ANSWER_MAX);
    AtomicReference<@Nullable Failed> first = new AtomicReference<>();
    try {
      Publisher.sendAll(producer.unwrap(), events, first);
      if (first.get() == null) {
        producer.unwrap().send(receipt, (sent, why) -> Publisher.note(first, null, why));
      }
      Await.result(producer.flush(), ANSWER_MAX);
    } catch (RuntimeException failed) {
      // After a refusal the next call fails too, saying only that an earlier one did.
      Publisher.note(first, null, failed);
    }
    Failed failed = first.get();
    if (failed != null) {
      throw failed.asException();
    }
    return () -> Await.result(producer.commitTransaction(), ANSWER_MAX);
  }

  /** Closes both without waiting: what is open is aborted by the next initialization. */
  @Override
  public void close() {
    // The wrapper's close cannot be told not to wait at all.
    producers.forEach(
        producer ->
            Thread.ofVirtual()
                .name("relay-close")
                .start(() -> producer.unwrap().close(Duration.ZERO)));
  }

  static Map<String, String> config(RelaySettings settings, String transactionalId, long epoch) {
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
