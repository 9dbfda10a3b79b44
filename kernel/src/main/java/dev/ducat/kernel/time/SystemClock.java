package dev.ducat.kernel.time;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The machine's clock, moved by a constant offset (zero but in fault tests). Microseconds: what
 * Postgres keeps.
 *
 * @param offset added to wall-clock time
 */
public record SystemClock(Duration offset) implements Clock {
  public SystemClock() {
    this(Duration.ZERO);
  }

  @Override
  public Instant now() {
    return Instant.now().plus(offset).truncatedTo(ChronoUnit.MICROS);
  }

  @Override
  public long monotonicNanos() {
    return System.nanoTime();
  }
}
