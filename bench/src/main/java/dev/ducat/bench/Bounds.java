package dev.ducat.bench;

import java.time.Duration;

/**
 * How long a run may last: it ends with whichever comes first.
 *
 * @param warmUp runs before the clock starts and is not counted
 * @param measured time on the clock
 * @param countMax operations on the clock
 */
public record Bounds(Duration warmUp, Duration measured, long countMax) {
  public Bounds {
    if (warmUp.isNegative() || !measured.isPositive() || countMax <= 0) {
      throw new IllegalArgumentException("not bounded: " + warmUp + ", " + measured);
    }
  }
}
