package dev.ducat.relay;

import dev.ducat.kernel.crash.CrashPoint;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.OutboxTail;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.sql.Await;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
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

  /**
   * However busy the lanes of this process are: streams that others write to, and what the lanes
   * could not hand on, are not left waiting for longer.
   */
  private static final Duration LOOK_EVERY = Duration.ofMillis(50);

  /** What all slots of a node share. */
  record Setting(Vertx vertx, Node node, RelaySettings relay, KafkaSetup kafka) {}

  private final Setting setting;
  private final Lease lease;
  private final RelayStore store;
  private final Receipts receipts;
  private final ProducerPair producers;
  private final OutboxTail.Reader tail;
  private final int recordsMax;
  private Positions published;
  private boolean behind;
  private boolean fromTable;

  /** Set by the doorbell. */
  private volatile boolean foreign;

  /** When the table was read last; long ago at first. */
  private long tableNanos;

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
    this.tail = setting.node().tail().open(store.streams());
    this.tableNanos = setting.node().clock().monotonicNanos() - LOOK_EVERY.toNanos();
    this.recordsMax = setting.relay().batch().recordsMax();
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

  /** Another process may have written to a stream: the table is read next. */
  void lookAtTable() {
    foreign = true;
  }

  /** Whether lanes of this process write to a stream. */
  boolean isFed(String stream) {
    return tail.knows(stream);
  }

  /** Whether the last batch left something behind: it was as large as one may be. */
  boolean isBehind() {
    return behind;
  }

  /**
   * Publishes what is there, at most one batch. Where more waits, the next batch is read while this
   * one is committed; else it would be read too early, and come back empty.
   *
   * @return events published; 0 means that nothing waits
   */
  int runOnce() {
    List<StoredEvent> read = next();
    List<StoredEvent> events = firstBytes(read);
    behind = read.size() >= recordsMax || events.size() < read.size();
    if (events.isEmpty()) {
      return 0;
    }
    Positions after = published.after(events);
    ProducerPair.Transaction transaction =
        producers.send(events, receipts.record(after.toReceipt(lease.epoch())));
    CrashPoint.KAFKA_SENT.reached();
    if (behind && fromTable) {
      reading = store.after(after, recordsMax);
    }
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

  /**
   * What the lanes of this process have just committed; and where they have not, or the table was
   * not read for a while, what the table has.
   */
  private List<StoredEvent> next() {
    List<StoredEvent> fresh =
        reading == null
            ? tail.takeAfter(stream -> published.of(stream).seq(), recordsMax)
            : List.of();
    fromTable = fresh.isEmpty() || (isTableDue() && fresh.size() < recordsMax);
    if (!fromTable) {
      return fresh;
    }
    foreign = false;
    tableNanos = setting.node().clock().monotonicNanos();
    Future<List<StoredEvent>> begun = reading;
    reading = null;
    List<StoredEvent> others =
        Await.result(
            begun != null ? begun : store.after(published.after(fresh), recordsMax), READ_MAX);
    if (fresh.isEmpty()) {
      return others;
    }
    List<StoredEvent> all = new ArrayList<>(fresh);
    all.addAll(others);
    return all;
  }

  private boolean isTableDue() {
    return foreign || setting.node().clock().monotonicNanos() - tableNanos >= LOOK_EVERY.toNanos();
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
    tail.close();
    producers.close();
  }
}
