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
        screen.say(
            String.format(
                Locale.ROOT,
                "  %-44s %10.0f/s   p50 %8.2f ms   p99 %8.2f ms",
                contestant.name(),
                run.perSecond(),
                run.latencyMicros().getValueAtPercentile(50) / 1e3,
                run.latencyMicros().getValueAtPercentile(99) / 1e3));
      }
    }
    return turns;
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

  /** The same for a percentile of the latencies of one, by the median latency of the other. */
  Figure.Yardstick latencyAgainst(Contestant yardstick, Contestant of, double percentile) {
    List<Run> ours = runs(of);
    List<Run> others = runs(yardstick);
    List<Double> pairs =
        IntStream.range(0, ours.size())
            .mapToObj(
                i ->
                    (double) ours.get(i).latencyMicros().getValueAtPercentile(percentile)
                        / Math.max(1, others.get(i).latencyMicros().getValueAtPercentile(50)))
            .toList();
    return against(
        yardstick.name() + " p50",
        latencies(yardstick, 50),
        Spread.of(pairs),
        latencies(of, percentile));
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
