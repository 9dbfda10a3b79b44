package dev.ducat.bench.suite;

import dev.ducat.bench.Bounds;
import java.time.Duration;
import java.util.List;

/**
 * How long everything takes.
 *
 * @param rounds runs of each contestant that takes turns with others
 * @param warmUp of a process that has just started, at most
 * @param warmUpPayments after which the compilers have done most of their work
 * @param settle at the beginning of every run, off the clock
 * @param measured of every run
 * @param inFlight payments in flight that are tried
 * @param backlog events that the relay drains
 * @param stored payments in the grown database
 * @param copies of the real ones among them
 */
record Lengths(
    int rounds,
    Duration warmUp,
    int warmUpPayments,
    Duration settle,
    Duration measured,
    List<Integer> inFlight,
    int backlog,
    int stored,
    int copies) {

  /** Medians of three runs. */
  static final Lengths FULL =
      new Lengths(
          3,
          Duration.ofMinutes(1),
          300_000,
          Duration.ofSeconds(3),
          Duration.ofSeconds(12),
          List.of(1, 8, 64, 256, 512, 1_024, 2_048),
          500_000,
          5_000_000,
          250);

  /** Under three minutes for everything but growth: good for a look, not for a page. */
  static final Lengths QUICK =
      new Lengths(
          1,
          Duration.ofSeconds(10),
          40_000,
          Duration.ofMillis(500),
          Duration.ofMillis(2_500),
          List.of(64, 256, 1_024, 2_048),
          50_000,
          50_000,
          10);

  Bounds run() {
    return new Bounds(settle, measured, Long.MAX_VALUE);
  }

  Bounds warmUpRun() {
    return new Bounds(Duration.ZERO, warmUp, warmUpPayments);
  }
}
