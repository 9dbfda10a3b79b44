package dev.ducat.relay;

import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.OutboxTail;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.time.Clock;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a slot's events come from: what lanes of this process have just committed, and the table.
 * Both give the same events; whatever is asked of an event is asked after it came from here.
 */
final class SlotSource implements AutoCloseable {
  /**
   * However busy the lanes of this process are: streams that others write to, and what the lanes
   * could not hand on, are not left waiting for longer.
   */
  private static final Duration LOOK_EVERY = Duration.ofMillis(50);

  private final Clock clock;
  private final RelayStore store;
  private final int recordsMax;
  private final OutboxTail.Reader tail;

  /** Set by the doorbell. */
  private volatile boolean foreign;

  /** When the table was read last; long ago at first. */
  private long tableNanos;

  private boolean fromTable;
  private @Nullable Future<List<StoredEvent>> reading;

  SlotSource(Node node, RelayStore store, int recordsMax) {
    this.clock = node.clock();
    this.store = store;
    this.recordsMax = recordsMax;
    this.tableNanos = clock.monotonicNanos() - LOOK_EVERY.toNanos();
    this.tail = node.tail().open(store.streams());
  }

  /** Another process may have written to a stream: the table is read next. For any thread. */
  void lookAtTable() {
    foreign = true;
  }

  /** Whether lanes of this process write to a stream. For any thread. */
  boolean isFed(String stream) {
    return tail.knows(stream);
  }

  /**
   * What follows on these positions: what the lanes of this process have just committed; and where
   * they have not, or the table was not read for a while, what the table has.
   */
  List<StoredEvent> next(Positions published) {
    List<StoredEvent> fresh =
        reading == null
            ? tail.takeAfter(stream -> published.of(stream).seq(), recordsMax)
            : List.of();
    fromTable = fresh.isEmpty() || isTableDue();
    if (!fromTable) {
      return fresh;
    }
    foreign = false;
    tableNanos = clock.monotonicNanos();
    Future<List<StoredEvent>> begun = reading;
    reading = null;
    List<StoredEvent> others =
        Await.result(
            begun != null ? begun : store.after(published.after(fresh), recordsMax),
            SlotSession.READ_MAX);
    if (fresh.isEmpty()) {
      return others;
    }
    List<StoredEvent> all = new ArrayList<>(fresh);
    all.addAll(others);
    return all;
  }

  /**
   * Begins to read the next batch from the table, if that is where more waits.
   *
   * @param after where the batch in hand ends
   * @param moreWaits whether more waits
   * @param cut whether some of what {@link #next} gave is left over: the tail has it no more
   */
  void readAhead(Positions after, boolean moreWaits, boolean cut) {
    if (cut || (moreWaits && fromTable)) {
      reading = store.after(after, recordsMax);
    }
  }

  private boolean isTableDue() {
    return foreign || clock.monotonicNanos() - tableNanos >= LOOK_EVERY.toNanos();
  }

  @Override
  public void close() {
    tail.close();
  }
}
