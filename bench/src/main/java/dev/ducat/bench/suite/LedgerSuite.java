package dev.ducat.bench.suite;

import dev.ducat.bench.Contestant;
import dev.ducat.bench.load.Pace;
import dev.ducat.bench.load.Workload;
import dev.ducat.bench.report.Figure;
import dev.ducat.bench.yardstick.NaivePayments.Merchants;
import java.util.List;

/** Transfers between wallets that cannot be overdrawn, in batches over gRPC. */
final class LedgerSuite {
  private static final List<Integer> CALLS_IN_FLIGHT = List.of(4, 16, 64);
  private static final double LEAST = 6;

  private final Bench bench;

  LedgerSuite(Bench bench) {
    this.bench = bench;
  }

  void run() {
    bench.screen().say("ledger transfers");
    bench.screen().doing("filling wallets");
    FilledWallets.fill(bench.ducat().node());
    DucatLoad best = transfers(CALLS_IN_FLIGHT.getFirst());
    double highest = 0;
    for (int calls : CALLS_IN_FLIGHT) {
      DucatLoad load = transfers(calls);
      double rate =
          Turns.take(bench.screen(), List.of(load), bench.lengths().run(), 1).rates(load).median();
      if (rate > highest) {
        highest = rate;
        best = load;
      }
    }
    try (Contestant naive = Best.naive(bench, Merchants.SPREAD)) {
      Turns turns =
          Turns.take(
              bench.screen(),
              List.of(best, naive),
              bench.lengths().run(),
              bench.lengths().rounds());
      Figure.Yardstick other = turns.against(naive, best);
      bench
          .report()
          .add(
              new Figure(
                      "ledger",
                      "ledger transfers/s by CreateTransfers, batches of 100",
                      "1/s",
                      turns.rates(best),
                      other,
                      "",
                      Figure.Verdict.NO_TARGET)
                  .asked("≥ 6 × " + naive.name(), other.ratio().median() >= LEAST));
    }
  }

  private DucatLoad transfers(int calls) {
    return new DucatLoad(
        "Ducat ledger, " + calls + " calls in flight",
        bench.runs(),
        Workload.TRANSFERS,
        new Pace.ClosedLoop(calls));
  }
}
