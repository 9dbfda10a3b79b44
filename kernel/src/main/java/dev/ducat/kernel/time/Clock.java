package dev.ducat.kernel.time;

import java.time.Instant;

/**
 * Time as one process sees it. Injected everywhere, so that tests own the time and a node can be
 * run with a wrong clock on purpose. Nothing about ownership depends on {@link #now()}: leases run
 * by the database's clock and by {@link #monotonicNanos()}.
 */
public interface Clock {
  /** Wall-clock time, for people and for events. It may jump. */
  Instant now();

  /** Nanoseconds of a clock that never goes back; only differences mean anything. */
  long monotonicNanos();
}
