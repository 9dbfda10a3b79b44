package dev.ducat.bench.suite;

import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
import dev.ducat.bench.cost.CostMeter;
import dev.ducat.bench.cost.CostSheet;
import dev.ducat.bench.cost.NodeMemory;
import dev.ducat.bench.cost.Processes;
import dev.ducat.bench.ducat.DucatRuns.Outcome;
import dev.ducat.bench.load.Pace;
import dev.ducat.bench.load.Workload;
import dev.ducat.bench.report.Figure;
import dev.ducat.bench.report.LoadPoint;
import dev.ducat.bench.report.Spread;
import dev.ducat.bench.yardstick.Ceiling;
import dev.ducat.bench.yardstick.NaivePayments.Merchants;
import dev.ducat.bench.yardstick.SingleCommit;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** Payments end to end: rate, latency, overload, memory, and what one costs. */
final class PaymentsSuite {
  private static final String NAME = "payments";
  private static final double OPEN_LOOP_SHARE = 0.7;
  private static final double OVERLOAD = 2;
  private static final long HEAP_MAX_MB = 512;

  private final Bench bench;

  PaymentsSuite(Bench bench) {
    this.bench = bench;
  }

  void run() {
    int best = bestInFlight();
    double maximum = contest(best);
    oneClient();
    openLoop(maximum * OPEN_LOOP_SHARE);
    overload(maximum);
    cost(best);
  }

  /** Rate and latency against load; answers where the rate is highest. */
  int bestInFlight() {
    bench.screen().say("payments against load");
    int best = 1;
    double highest = 0;
    for (int inFlight : bench.lengths().inFlight()) {
      DucatLoad load = payments(Workload.PAYMENTS_SPREAD, inFlight);
      Turns turns = Turns.take(bench.screen(), List.of(load), bench.lengths().run(), 1);
      double rate = turns.rates(load).median();
      bench
          .report()
          .add(
              new LoadPoint(
                  inFlight,
                  rate,
                  turns.latencies(load, 50).median(),
                  turns.latencies(load, 99).median()));
      bench.report().latencies(inFlight + " in flight", merged(turns.runs(load)));
      if (rate > highest) {
        highest = rate;
        best = inFlight;
      }
    }
    return best;
  }

  /** Spread and hot, in turns with the yardsticks; answers the spread rate. */
  private double contest(int inFlight) {
    bench.screen().say("payments against yardsticks, " + inFlight + " in flight");
    DucatLoad spread = payments(Workload.PAYMENTS_SPREAD, inFlight);
    DucatLoad hot = payments(Workload.PAYMENTS_HOT, inFlight);
    try (Contestant naive = Best.naive(bench, Merchants.SPREAD);
        Contestant naiveHot = Best.naive(bench, Merchants.HOT);
        Contestant ceiling = new Ceiling(bench.ducat().postgres(), bench.ducat().kafka())) {
      Turns turns =
          Turns.take(
              bench.screen(),
              List.of(spread, naive, hot, naiveHot, ceiling),
              bench.lengths().run(),
              bench.lengths().rounds());
      compare(turns, "payments/s end to end, 1,000 merchants", spread, naive, 1.5);
      compare(turns, "payments/s end to end, 1,000 merchants", spread, ceiling, 0.3);
      compare(turns, "payments/s end to end, one hot merchant", hot, naiveHot, 3);
      compare(turns, "payments/s end to end, one hot merchant", hot, spread, 0.9);
      return turns.rates(spread).median();
    }
  }

  private void compare(
      Turns turns, String name, Contestant of, Contestant yardstick, double least) {
    Figure.Yardstick other = turns.against(yardstick, of);
    bench
        .report()
        .add(
            new Figure(NAME, name, "1/s", turns.rates(of), other, "", Figure.Verdict.NO_TARGET)
                .asked(
                    String.format(Locale.ROOT, "≥ %s × %s", least, yardstick.name()),
                    other.ratio().median() >= least));
  }

  private void oneClient() {
    bench.screen().say("one client");
    DucatLoad one = payments(Workload.PAYMENTS_SPREAD, 1);
    try (Contestant commit = new SingleCommit(bench.ducat().postgres())) {
      Turns turns =
          Turns.take(
              bench.screen(),
              List.of(one, commit),
              bench.lengths().run(),
              bench.lengths().rounds());
      latency(turns, one, commit, 50, 40);
      // Three times what the median may be.
      latency(turns, one, commit, 99, 120);
      bench.report().latencies("one client", merged(turns.runs(one)));
    }
  }

  private void latency(
      Turns turns, Contestant of, Contestant commit, double percentile, double most) {
    Figure.Yardstick other = turns.latencyAgainst(commit, of, percentile);
    bench
        .report()
        .add(
            new Figure(
                    NAME,
                    String.format(
                        Locale.ROOT, "CreatePayment → SETTLED, one client, p%.0f", percentile),
                    "ms",
                    turns.latencies(of, percentile),
                    other,
                    "",
                    Figure.Verdict.NO_TARGET)
                .asked(
                    String.format(Locale.ROOT, "≤ %.0f × p50 of a commit", most),
                    other.ratio().median() <= most));
  }

  private void openLoop(double perSecond) {
    bench.screen().say(String.format(Locale.ROOT, "open loop, %.0f payments/s", perSecond));
    DucatLoad open =
        new DucatLoad(
            "Ducat, open loop",
            bench.runs(),
            Workload.PAYMENTS_SPREAD,
            new Pace.OpenLoop(perSecond));
    Turns turns =
        Turns.take(bench.screen(), List.of(open), bench.lengths().run(), bench.lengths().rounds());
    Spread p50 = turns.latencies(open, 50);
    Spread p99 = turns.latencies(open, 99);
    bench.report().add(Figure.plain(NAME, "open loop at 70 % of the maximum, p50", "ms", p50));
    bench
        .report()
        .add(
            Figure.plain(NAME, "open loop at 70 % of the maximum, p99", "ms", p99)
                .asked("≤ 5 × p50, no errors", p99.median() <= 5 * p50.median()));
    bench.report().latencies("open loop at 70 %", merged(turns.runs(open)));
  }

  private void overload(double maximum) {
    bench.screen().say(String.format(Locale.ROOT, "overload, %.0f payments/s", OVERLOAD * maximum));
    bench.screen().doing("overload");
    try (NodeMemory memory = NodeMemory.of(bench.ducat().node().pid())) {
      double liveBefore = megabytes(memory.liveBytes());
      Outcome outcome =
          bench
              .runs()
              .run(
                  Workload.PAYMENTS_SPREAD,
                  new Pace.OpenLoop(OVERLOAD * maximum),
                  bench.lengths().run());
      goodput(outcome, maximum);
      memory(liveBefore, megabytes(memory.liveBytes()));
    }
  }

  private void goodput(Outcome outcome, double maximum) {
    double share = outcome.perSecond() / maximum;
    Figure.Yardstick other =
        new Figure.Yardstick("the maximum", Spread.of(maximum), Spread.of(share));
    bench
        .report()
        .add(
            new Figure(
                    NAME,
                    "goodput under twice the maximum",
                    "1/s",
                    Spread.of(outcome.perSecond()),
                    other,
                    "",
                    Figure.Verdict.NO_TARGET)
                .asked(
                    "≥ 0.9 × the maximum, errors only RESOURCE_EXHAUSTED",
                    share >= 0.9 && outcome.load().errors() == 0));
    bench
        .report()
        .add(
            Figure.plain(
                NAME,
                String.format(
                    Locale.ROOT, "refusals under overload (%,d), p99", outcome.load().refused()),
                "ms",
                Spread.of(outcome.load().refusalMicros().getValueAtPercentile(99) / 1e3)));
  }

  private void memory(double liveBefore, double liveAfter) {
    bench
        .report()
        .add(
            Figure.plain(NAME, "live heap after overload", "MB", Spread.of(liveAfter))
                .asked(
                    String.format(Locale.ROOT, "flat (%.0f MB before)", liveBefore),
                    liveAfter <= Math.max(1.25 * liveBefore, liveBefore + 32)));
    // A node that needed more heap would have ended itself with OutOfMemoryError.
    Processes.residentBytes(bench.ducat().node().pid())
        .ifPresent(
            resident ->
                bench
                    .report()
                    .add(
                        Figure.plain(
                                NAME,
                                "memory of the Ducat process, all of it",
                                "MB",
                                Spread.of(megabytes(resident)))
                            .asked(
                                "alive within -Xmx" + HEAP_MAX_MB + "m",
                                bench.ducat().node().isAlive())));
  }

  /** The cost sheet, of one run at full load. */
  void cost(int inFlight) {
    bench.screen().say("cost of a payment");
    bench.screen().doing("cost sheet");
    try (CostMeter meter = CostMeter.begin(bench.ducat())) {
      Outcome outcome =
          bench
              .runs()
              .run(
                  Workload.PAYMENTS_SPREAD,
                  new Pace.ClosedLoop(inFlight),
                  bench.lengths().run(),
                  meter::stop);
      CostSheet sheet = meter.sheet(outcome.load());
      bench.report().cost(sheet);
      bench.screen().say(sheet.text());
    }
  }

  private DucatLoad payments(Workload workload, int inFlight) {
    String merchants = workload == Workload.PAYMENTS_HOT ? "hot" : "spread";
    return new DucatLoad(
        "Ducat " + merchants + ", " + inFlight + " in flight",
        bench.runs(),
        workload,
        new Pace.ClosedLoop(inFlight));
  }

  private static Histogram merged(List<Run> runs) {
    Histogram all = runs.getFirst().latencyMicros().copy();
    runs.stream().skip(1).forEach(run -> all.add(run.latencyMicros()));
    return all;
  }

  private static double megabytes(long bytes) {
    return bytes / 1e6;
  }
}
