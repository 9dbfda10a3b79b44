package dev.ducat.kernel.time;

import java.time.Duration;
import java.time.Instant;

/** A clock that stands still until it is told to move. For tests and simulations. */
public final class ManualClock implements Clock {
  private Instant now;
  private long nanos;

  public ManualClock(Instant start) {
    this.now = start;
  }

  /** Moves both clocks on by {@code step}. */
  public synchronized void advance(Duration step) {
    now = now.plus(step);
    nanos += step.toNanos();
  }

  @Override
  public synchronized Instant now() {
    return now;
  }

  @Override
  public synchronized long monotonicNanos() {
    return nanos;
  }
}
