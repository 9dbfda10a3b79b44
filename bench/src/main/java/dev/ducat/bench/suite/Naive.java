package dev.ducat.bench.suite;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.yardstick.NaivePayments;
import java.time.Duration;

/** Finds the number of connections at which the naive payment is fastest here. */
final class Naive {
  private Naive() {}

  /** The best of those worth trying; the others are closed. */
  static Contestant best(Bench bench, NaivePayments.Merchants merchants) {
    Bounds trial =
        new Bounds(Duration.ofMillis(500), bench.lengths().measured().dividedBy(3), Long.MAX_VALUE);
    int best = 0;
    double highest = 0;
    for (int connections : NaivePayments.CONNECTIONS) {
      try (NaivePayments naive =
          new NaivePayments(bench.ducat().postgres(), merchants, connections)) {
        bench.screen().doing("trying " + naive.name());
        double rate = naive.run(trial).perSecond();
        if (rate > highest) {
          highest = rate;
          best = connections;
        }
      }
    }
    return new NaivePayments(bench.ducat().postgres(), merchants, best);
  }
}
