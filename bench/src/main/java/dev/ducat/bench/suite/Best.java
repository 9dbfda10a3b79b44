package dev.ducat.bench.suite;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.peer.DbosWorkflows;
import dev.ducat.bench.yardstick.NaivePayments;
import java.time.Duration;
import java.util.List;
import java.util.function.IntFunction;

/** Finds the number of connections or callers at which a yardstick is fastest here. */
final class Best {
  private static final Duration SETTLE = Duration.ofMillis(500);

  private Best() {}

  static Contestant naive(Bench bench, NaivePayments.Merchants merchants) {
    return of(
        bench,
        NaivePayments.CONNECTIONS,
        connections -> new NaivePayments(bench.ducat().postgres(), merchants, connections));
  }

  static Contestant dbos(Bench bench) {
    return of(
        bench,
        DbosWorkflows.CALLERS,
        callers -> new DbosWorkflows(bench.ducat().postgres(), callers));
  }

  /** The best of those worth trying; the others are closed. */
  private static Contestant of(
      Bench bench, List<Integer> sizes, IntFunction<? extends Contestant> made) {
    Bounds trial = new Bounds(SETTLE, bench.lengths().measured().dividedBy(3), Long.MAX_VALUE);
    int best = sizes.getFirst();
    double highest = 0;
    for (int size : sizes) {
      try (Contestant contestant = made.apply(size)) {
        bench.screen().doing("trying " + contestant.name());
        double rate = contestant.run(trial).perSecond();
        if (rate > highest) {
          highest = rate;
          best = size;
        }
      }
    }
    return made.apply(best);
  }
}
