package dev.ducat.torture.machine;

import java.util.Arrays;

/**
 * How long goodput was down after a fault.
 *
 * <p>Before is the mean of the five seconds before the fault. It is down once half a second brought
 * less than half of that, and back when a whole second brings 90 % of it: two thresholds, because
 * at a few dozen calls a second chance alone makes small dips.
 *
 * @param dipped whether it was ever down
 * @param seconds from the fault's beginning until the second begins in which goodput is back; 0
 *     when it was never down, NaN when it was not back before the run ended
 */
record Recovery(boolean dipped, double seconds) {
  private static final double BEFORE = 5;
  private static final double STEP = 0.02;

  /** Faults whose effect comes late: a lease lapses some seconds after its owner died. */
  private static final double EFFECT_MAX = 8;

  /**
   * Computes it.
   *
   * @param good moments of good answers, in seconds, ascending
   * @param end of the run
   */
  static Recovery of(double[] good, double struck, double healed, double end) {
    double span = Math.min(BEFORE, struck);
    double before = span <= 0 ? 0 : count(good, struck - span, struck) / span;
    double last = Math.min(end, Math.max(healed, struck + EFFECT_MAX));
    for (double down = struck; down + 0.5 <= last; down += STEP) {
      if (count(good, down, down + 0.5) < 0.25 * before) {
        return new Recovery(true, back(good, down, before, end) - struck);
      }
    }
    return new Recovery(false, 0);
  }

  private static double back(double[] good, double down, double before, double end) {
    for (double at = down; at + 1 <= end; at += STEP) {
      if (count(good, at, at + 1) >= 0.9 * before) {
        return at;
      }
    }
    return Double.NaN;
  }

  private static int count(double[] sorted, double from, double to) {
    return place(sorted, to) - place(sorted, from);
  }

  private static int place(double[] sorted, double value) {
    int found = Arrays.binarySearch(sorted, value);
    return found >= 0 ? found : -found - 1;
  }
}
