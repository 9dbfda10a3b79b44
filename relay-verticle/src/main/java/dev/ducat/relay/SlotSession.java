package dev.ducat.relay;

import dev.ducat.kernel.crash.CrashPoint;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.sql.Await;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One taking of a slot: from initialized producers and a checked receipt to the first failure of
 * any kind, after which nothing of it is used again. Belongs to the slot's thread.
 */
final class SlotSession implements AutoCloseable {
  /** A few megabytes from a busy or a cold server. */
  static final Duration READ_MAX = Duration.ofSeconds(10);

  /** What all slots of a node share. */
  record Setting(Vertx vertx, Node node, RelaySettings relay, KafkaSetup kafka) {}

  private final Setting setting;
  private final Lease lease;
  private final RelayStore store;
  private final Receipts receipts;
  private final ProducerPair producers;
  private Positions published;
  private @Nullable Future<List<StoredEvent>> reading;

  private SlotSession(
      Setting setting,
      Lease lease,
      RelayStore store,
      Receipts receipts,
      ProducerPair producers,
      Positions published) {
    this.setting = setting;
    this.lease = lease;
    this.store = store;
    this.receipts = receipts;
    this.producers = producers;
    this.published = published;
  }

  /**
   * Takes the slot, in this order: silence every predecessor, read what the last of them published,
   * check it.
   *
   * @throws RelayStopped when the check finds a contradiction
   */
  static SlotSession open(Setting setting, Lease lease, RelayStore store) {
    Receipts receipts = new Receipts(setting, lease.unit());
    ProducerPair producers =
        ProducerPair.open(setting.vertx(), setting.relay(), lease.unit(), lease.epoch());
    try {
      Optional<Positions> last = receipts.last();
      Positions published =
          ReceiptRules.goOnFrom(last, store.witnesses(last.orElse(new Positions(Map.of()))));
      return new SlotSession(setting, lease, store, receipts, producers, published);
    } catch (RuntimeException failed) {
      producers.close();
      throw failed;
    }
  }

  /** What Kafka has for certain. */
  Positions published() {
    return published;
  }

  /**
   * Publishes what is there, at most one batch. The next batch is read while this one is sent and
   * committed.
   *
   * @return events published; 0 means that nothing waits
   */
  int runOnce() {
    List<StoredEvent> events = firstBytes(Await.result(readOn(), READ_MAX));
    reading = null;
    if (events.isEmpty()) {
      return 0;
    }
    Positions after = published.after(events);
    ProducerPair.Transaction transaction =
        producers.send(events, receipts.record(after.toReceipt(lease.epoch())));
    CrashPoint.KAFKA_SENT.reached();
    reading = store.after(after, setting.relay().batch().recordsMax());
    // Checked last: whoever takes the slot over next initializes the producers, but only after the
    // lease has run out.
    if (!lease.isTrusted(setting.node().clock())) {
      throw new IllegalStateException("the lease ran out before the commit");
    }
    transaction.commit();
    CrashPoint.KAFKA_COMMITTED.reached();
    published = after;
    return events.size();
  }

  private Future<List<StoredEvent>> readOn() {
    Future<List<StoredEvent>> begun = reading;
    return begun != null ? begun : store.after(published, setting.relay().batch().recordsMax());
  }

  /** As much from the front as one transaction should carry, one event at least. */
  private List<StoredEvent> firstBytes(List<StoredEvent> events) {
    long bytes = 0;
    for (int i = 0; i < events.size(); i++) {
      bytes += events.get(i).event().payload().length();
      if (i > 0 && bytes > setting.relay().batch().bytesMax()) {
        return events.subList(0, i);
      }
    }
    return events;
  }

  @Override
  public void close() {
    producers.close();
  }
}
