package dev.ducat.relay;

import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.sql.Await;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.producer.KafkaProducer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Publishes without transactions: at least once. Nothing can take back what was sent before a
 * failure, so two events of one key are never on their way together: the later one is sent when
 * Kafka has acknowledged the earlier one. Whatever fails, and whatever is sent again, the first
 * arrivals of a key are in order and without gaps.
 */
final class PlainProducer implements Publisher {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(15);

  private final KafkaProducer<byte[], byte[]> producer;

  private PlainProducer(KafkaProducer<byte[], byte[]> producer) {
    this.producer = producer;
  }

  static PlainProducer open(Vertx vertx, RelaySettings settings, int slot, long epoch) {
    Map<String, String> config = ProducerPair.config(settings, "ducat-relay-" + slot, epoch);
    config.remove("transactional.id");
    config.remove("transaction.timeout.ms");
    return new PlainProducer(KafkaProducer.create(vertx, config));
  }

  /** The receipt is not written: without a transaction it would prove nothing. */
  @Override
  public Transaction send(List<StoredEvent> events, ProducerRecord<byte[], byte[]> receipt) {
    for (List<StoredEvent> wave : waves(events)) {
      AtomicReference<@Nullable Failed> first = new AtomicReference<>();
      try {
        Publisher.sendAll(producer.unwrap(), wave, first);
        Await.result(producer.flush(), ANSWER_MAX);
      } catch (RuntimeException failed) {
        Publisher.note(first, null, failed);
      }
      Failed failed = first.get();
      if (failed != null) {
        throw failed.asException();
      }
    }
    return () -> {};
  }

  /** The first events of all keys, then the second ones, and so on. */
  static List<List<StoredEvent>> waves(List<StoredEvent> events) {
    List<List<StoredEvent>> waves = new ArrayList<>();
    Map<String, Integer> seen = new HashMap<>();
    for (StoredEvent event : events) {
      String key = event.event().topic() + " " + event.event().key();
      int wave = event.event().version() == 0 ? 0 : seen.merge(key, 1, Integer::sum) - 1;
      while (waves.size() <= wave) {
        waves.add(new ArrayList<>());
      }
      waves.get(wave).add(event);
    }
    return waves;
  }

  @Override
  public void close() {
    Thread.ofVirtual().name("relay-close").start(() -> producer.unwrap().close(Duration.ZERO));
  }
}
