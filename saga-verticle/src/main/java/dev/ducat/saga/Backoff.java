package dev.ducat.saga;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential backoff with jitter.
 *
 * @param first the longest first pause
 * @param max the longest pause ever
 */
public record Backoff(Duration first, Duration max) {
  public Backoff {
    if (first.isNegative() || first.isZero() || max.compareTo(first) < 0) {
      throw new IllegalArgumentException("backoff from " + first + " to " + max);
    }
  }

  /**
   * The pause after the {@code failures}-th failure in a row: anything up to the doubled bound, so
   * that many do not come back at once.
   */
  public Duration afterFailures(int failures, RandomGenerator random) {
    long bound = first.toNanos();
    for (int i = 1; i < failures && bound < max.toNanos(); i++) {
      bound *= 2;
    }
    return Duration.ofNanos(random.nextLong(1, Math.min(bound, max.toNanos()) + 1));
  }
}
