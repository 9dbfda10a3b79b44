package dev.ducat.bench.yardstick;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Events written and not yet relayed. A writer that outran the relay for ever would show a rate
 * that nobody can keep up, so writers wait while the backlog is large.
 */
final class Backlog {
  private static final Duration PAUSE = Duration.ofMillis(1);

  private final long max;
  private final AtomicLong size = new AtomicLong();
  private volatile boolean broken;

  /** A backlog that makes writers wait beyond {@code max} events. */
  Backlog(long max) {
    this.max = max;
  }

  /** Notes what was written, and waits until there is room again. */
  void wrote(long events) {
    size.addAndGet(events);
    while (size.get() > max && !broken) {
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  void relayed(long events) {
    size.addAndGet(-events);
  }

  /** Nobody relays any more: nobody need wait. */
  void broken() {
    broken = true;
  }

  /**
   * Waits until everything is relayed.
   *
   * @throws IllegalStateException when the relay is broken, or takes longer than {@code limit}
   */
  void awaitEmpty(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    while (size.get() > 0) {
      if (broken || System.nanoTime() - end > 0) {
        throw new IllegalStateException(size.get() + " events were not relayed");
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }
}
