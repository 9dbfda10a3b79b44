package dev.ducat.bench.ducat;

import dev.ducat.bench.load.Epoch;
import dev.ducat.kernel.time.Clock;
import dev.ducat.kernel.time.SystemClock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.HdrHistogram.Histogram;

/**
 * A {@code read_committed} consumer that notes when each event came. When each was committed,
 * Postgres knows: it must keep the times of commits, which it does only when told to at its start.
 */
public final class VisibleEvents implements AutoCloseable {
  private static final long LATENCY_MAX_MICROS = 60_000_000;

  /** The low half of an event's id tells it from all others here. */
  private static final String COMMITS =
      """
      select ('x' || right(replace(event_id::text, '-', ''), 16))::bit(64)::bigint,
             (extract(epoch from pg_xact_commit_timestamp(e.xmin)) * 1000000)::bigint
        from outbox.event e join head using (stream) where e.seq > head.head
      """;

  private final Clock clock = new SystemClock();
  private final Sql sql;
  private final Map<Long, Long> arrivals = new ConcurrentHashMap<>();
  private final KafkaFacts.Follower follower;
  private final Thread thread;
  private volatile boolean closed;

  /** Starts to read at the end of the topics. */
  public VisibleEvents(Installation ducat) {
    sql = Sql.open(ducat.postgres());
    sql.run("create temporary table head as select stream, head from outbox.stream");
    follower = KafkaFacts.follow(ducat.kafka());
    thread = Thread.ofPlatform().name("bench-visible").start(this::read);
  }

  private void read() {
    while (!closed) {
      List<Long> came = follower.poll();
      long now = Epoch.micros(clock.now());
      came.forEach(id -> arrivals.putIfAbsent(id, now));
    }
    follower.close();
  }

  /**
   * Latencies from the commit of each event to its coming, in microseconds.
   *
   * @throws IllegalStateException when one did not come
   */
  public Histogram latencies(long fromEpochMicros) {
    Histogram latencies = new Histogram(LATENCY_MAX_MICROS, 3);
    long missing = 0;
    for (long[] commit : sql.numbers(COMMITS)) {
      Long came = arrivals.get(commit[0]);
      if (came == null) {
        missing++;
      } else if (commit[1] >= fromEpochMicros) {
        latencies.recordValue(Math.max(0, Math.min(came - commit[1], LATENCY_MAX_MICROS)));
      }
    }
    if (missing > 0) {
      throw new IllegalStateException(missing + " events did not come");
    }
    return latencies;
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    sql.close();
  }
}
