package dev.ducat.bench.suite;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
import dev.ducat.bench.report.Figure;
import dev.ducat.bench.report.Spread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Contestants taking turns, A B A B A B: what disturbs the machine disturbs them alike, so their
 * ratios hold where their figures do not.
 */
final class Turns {
  private final Map<Contestant, List<Run>> runs = new LinkedHashMap<>();

  /** Lets them run, each for so many rounds. */
  static Turns take(
      Screen screen, List<? extends Contestant> contestants, Bounds bounds, int rounds) {
    Turns turns = new Turns();
    for (int round = 1; round <= rounds; round++) {
      for (Contestant contestant : contestants) {
        screen.doing(contestant.name() + ", run " + round + " of " + rounds);
        Run run = contestant.run(bounds);
        turns.runs.computeIfAbsent(contestant, none -> new ArrayList<>()).add(run);
        screen.say(line(contestant, run));
      }
    }
    return turns;
  }

  private static String line(Contestant contestant, Run run) {
    String rate =
        String.format(Locale.ROOT, "  %-46s %10.0f/s", contestant.name(), run.perSecond());
    return run.latencyMicros().getTotalCount() == 0
        ? rate
        : rate
            + String.format(
                Locale.ROOT,
                "   p50 %8.2f ms   p99 %8.2f ms",
                micros(run, 50) / 1e3,
                micros(run, 99) / 1e3);
  }

  /** A contestant's rates, in operations per second. */
  Spread rates(Contestant of) {
    return spread(of, Run::perSecond);
  }

  /** A percentile of its latencies, in milliseconds. */
  Spread latencies(Contestant of, double percentile) {
    return spread(of, run -> run.latencyMicros().getValueAtPercentile(percentile) / 1e3);
  }

  /** One contestant's rate by another's: of the medians, and over the pairs of each round. */
  Figure.Yardstick against(Contestant yardstick, Contestant of) {
    return against(
        yardstick.name(), rates(yardstick), pairs(of, yardstick, Run::perSecond), rates(of));
  }

  private static Figure.Yardstick against(String name, Spread yardstick, Spread pairs, Spread of) {
    return new Figure.Yardstick(
        name, yardstick, new Spread(of.median() / yardstick.median(), pairs.min(), pairs.max()));
  }

  /** A percentile of one's latencies by the same of another's. */
  Figure.Yardstick percentileAgainst(Contestant yardstick, Contestant of, double percentile) {
    return latencyAgainst(yardstick, of, percentile, percentile);
  }

  /** A percentile of one's latencies by the median of another's. */
  Figure.Yardstick latencyAgainst(Contestant yardstick, Contestant of, double percentile) {
    return latencyAgainst(yardstick, of, percentile, 50);
  }

  private Figure.Yardstick latencyAgainst(
      Contestant yardstick, Contestant of, double percentile, double others) {
    List<Double> pairs =
        IntStream.range(0, runs(of).size())
            .mapToObj(
                i ->
                    micros(runs(of).get(i), percentile)
                        / Math.max(1, micros(runs(yardstick).get(i), others)))
            .toList();
    return against(
        String.format(Locale.ROOT, "%s, p%.0f", yardstick.name(), others),
        latencies(yardstick, others),
        Spread.of(pairs),
        latencies(of, percentile));
  }

  private static double micros(Run run, double percentile) {
    return run.latencyMicros().getValueAtPercentile(percentile);
  }

  List<Run> runs(Contestant of) {
    return List.copyOf(runs.getOrDefault(of, List.of()));
  }

  private Spread spread(Contestant of, ToDoubleFunction<Run> value) {
    return Spread.of(runs(of).stream().map(value::applyAsDouble).toList());
  }

  private Spread pairs(Contestant of, Contestant yardstick, ToDoubleFunction<Run> value) {
    List<Run> ours = runs(of);
    List<Run> others = runs(yardstick);
    return Spread.of(
        IntStream.range(0, ours.size())
            .mapToObj(i -> value.applyAsDouble(ours.get(i)) / value.applyAsDouble(others.get(i)))
            .toList());
  }
}
