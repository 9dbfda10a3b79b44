package dev.ducat.relay;

import java.time.Duration;

/**
 * How long a slot gathers before its next transaction. A transaction costs Kafka, Postgres and this
 * process about the same whether it carries ten events or a thousand, so a slot through which much
 * passes gathers for a moment; one with little to do waits for nothing. Not for several threads.
 */
final class Pace {
  /**
   * From so many events a second on, a slot gathers. With a thousand payments of one tenant a
   * second, the slot that has the tenant's books sees 4,250, and its readers should not wait.
   */
  private static final double BUSY = 5_000;

  /** What a busy slot lets pass from the start of one transaction to the start of the next. */
  private static final long GATHER_NANOS = Duration.ofMillis(20).toNanos();

  /** The rate is that of a stretch of this length. */
  private static final long STRETCH_NANOS = Duration.ofMillis(500).toNanos();

  private long stretchBegan;
  private long stretchEvents;
  private boolean busy;

  Pace(long nanos) {
    stretchBegan = nanos;
  }

  /**
   * A transaction has ended.
   *
   * @param events in it
   * @param began when it did
   * @param now when it ended
   * @return what to wait; zero or less is nothing
   */
  long nanosAfter(int events, long began, long now) {
    stretchEvents += events;
    long length = now - stretchBegan;
    if (length >= STRETCH_NANOS) {
      busy = stretchEvents * 1e9 / length >= BUSY;
      stretchBegan = now;
      stretchEvents = 0;
    }
    return busy ? GATHER_NANOS - (now - began) : 0;
  }
}
