package dev.ducat.bench.suite;

import dev.ducat.bench.Contestant;
import dev.ducat.bench.load.Pace;
import dev.ducat.bench.load.Workload;
import dev.ducat.bench.report.Figure;
import java.util.List;

/** A payment's five steps against five steps that do nothing. */
final class SagaSuite {
  /** Where Ducat is near its best; the payments suite looks for the best itself. */
  private static final int IN_FLIGHT = 1_024;

  private static final double LEAST = 8;

  private final Bench bench;

  SagaSuite(Bench bench) {
    this.bench = bench;
  }

  void run() {
    bench.screen().say("sagas against workflows");
    DucatLoad ducat =
        new DucatLoad(
            "Ducat, " + IN_FLIGHT + " in flight",
            bench.runs(),
            Workload.PAYMENTS_SPREAD,
            new Pace.ClosedLoop(IN_FLIGHT));
    try (Contestant dbos = Best.dbos(bench)) {
      Turns turns =
          Turns.take(
              bench.screen(),
              List.of(ducat, dbos),
              bench.lengths().run(),
              bench.lengths().rounds());
      Figure.Yardstick other = turns.against(dbos, ducat);
      bench
          .report()
          .add(
              new Figure(
                      "saga",
                      "five-step sagas per second",
                      "1/s",
                      turns.rates(ducat),
                      other,
                      "",
                      Figure.Verdict.NO_TARGET)
                  .asked("≥ 8 × " + dbos.name(), other.ratio().median() >= LEAST));
    }
  }
}
