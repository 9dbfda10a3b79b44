package dev.ducat.relay;

import dev.ducat.kernel.outbox.StoredEvent;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** How a slot's events get to Kafka. */
interface Publisher {
  /**
   * Sends events, and a receipt where there are receipts. Kafka has acknowledged every record when
   * this returns.
   *
   * @throws EventRefused when Kafka refuses an event for good
   * @throws KafkaException when Kafka does not take them now
   */
  Transaction send(List<StoredEvent> events, ProducerRecord<byte[], byte[]> receipt);

  /** Closes without waiting. */
  void close();

  /** Takes a slot: whatever a predecessor has begun is over when this returns, if it can be. */
  static Publisher open(Vertx vertx, RelaySettings settings, int slot, long epoch) {
    ProducerPair pair = ProducerPair.open(vertx, settings, slot, epoch);
    if (settings.mode() == RelaySettings.Mode.EXACTLY_ONCE) {
      return pair;
    }
    // Opened for its fencing alone: a predecessor may still have been of the other mode.
    pair.close();
    return PlainProducer.open(vertx, settings, slot, epoch);
  }

  /** Records that Kafka has, where there are transactions not yet for a read_committed reader. */
  interface Transaction {
    /** Commits. Whatever is thrown here leaves it unknown whether it did. */
    void commit();
  }

  /**
   * Past the Vert.x wrapper, which spends a promise, a worker task and an event-loop task on each
   * record; all that is of interest here is the first failure.
   */
  @SuppressWarnings("FutureReturnValueIgnored") // The callbacks hear of every failure.
  static void sendAll(
      Producer<byte[], byte[]> direct,
      List<StoredEvent> events,
      AtomicReference<@Nullable Failed> first) {
    for (StoredEvent event : events) {
      direct.send(EventRecords.of(event), (sent, why) -> note(first, event, why));
      if (first.get() != null) {
        // Else each of a thousand events would wait for a broker that is away.
        return;
      }
    }
  }

  static void note(
      AtomicReference<@Nullable Failed> first,
      @Nullable StoredEvent event,
      @Nullable Exception why) {
    if (why != null) {
      first.compareAndSet(null, new Failed(event, why));
    }
  }

  /**
   * The first failure of a batch: later ones only follow from it.
   *
   * @param event null when it was not about one
   */
  record Failed(@Nullable StoredEvent event, Exception why) {
    RuntimeException asException() {
      StoredEvent about = event;
      if (about != null) {
        var refused = EventRefused.of(about, why);
        if (refused.isPresent()) {
          return refused.get();
        }
      }
      return why instanceof RuntimeException known ? known : new KafkaException(why);
    }
  }
}
