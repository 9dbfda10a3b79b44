package dev.ducat.bench.suite;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
import dev.ducat.bench.ducat.DrainedBacklog;
import dev.ducat.bench.ducat.DucatRuns.Outcome;
import dev.ducat.bench.ducat.VisibleEvents;
import dev.ducat.bench.load.Pace;
import dev.ducat.bench.load.Workload;
import dev.ducat.bench.peer.DebeziumDrain;
import dev.ducat.bench.peer.DebeziumLatency;
import dev.ducat.bench.peer.DebeziumSettings;
import dev.ducat.bench.report.Figure;
import dev.ducat.bench.report.Spread;
import java.util.List;
import org.HdrHistogram.Histogram;

/** The relay: how fast it drains a backlog, and how soon an event is visible. */
final class RelaySuite {
  private static final String NAME = "relay";
  private static final double PAYMENTS_PER_SECOND = 1_000;
  private static final double DRAIN_LEAST = 60_000;

  private final Bench bench;

  RelaySuite(Bench bench) {
    this.bench = bench;
  }

  void run() {
    drain();
    latency();
  }

  /** Ducat's relay and a backlog; every run checks what came to Kafka. */
  private record DucatDrain(Bench bench) implements Contestant {
    @Override
    public String name() {
      return "Ducat's relay, backlog";
    }

    @Override
    public Run run(Bounds bounds) {
      DrainedBacklog.Drained drained =
          DrainedBacklog.drain(bench.ducat(), (int) Math.min(bounds.countMax(), 500_000));
      return new Run(drained.events(), drained.took(), new Histogram(1));
    }

    @Override
    public void close() {}
  }

  /** Real payments at a fixed rate; the latencies are those of their events. */
  private record DucatLatency(Bench bench) implements Contestant {
    @Override
    public String name() {
      return "Ducat, commit to visible at 1,000 payments/s";
    }

    @Override
    public Run run(Bounds bounds) {
      try (VisibleEvents visible = new VisibleEvents(bench.ducat())) {
        Outcome outcome =
            bench
                .runs()
                .run(Workload.PAYMENTS_SPREAD, new Pace.OpenLoop(PAYMENTS_PER_SECOND), bounds);
        if (outcome.load().errors() + outcome.load().refused() > 0) {
          throw new IllegalStateException(
              "payments failed, by status " + outcome.load().statuses());
        }
        Histogram latencies = visible.latencies(outcome.load().clockFromEpochMicros());
        return new Run(latencies.getTotalCount(), outcome.load().took(), latencies);
      }
    }

    @Override
    public void close() {}
  }

  private void drain() {
    bench.screen().say("the relay drains a backlog");
    Contestant ducat = new DucatDrain(bench);
    Bounds backlog =
        new Bounds(
            bench.lengths().settle(),
            bench.lengths().measured().multipliedBy(10),
            bench.lengths().backlog());
    try (Contestant debezium =
        new DebeziumDrain(
            bench.ducat().postgres(), bench.ducat().kafka(), DebeziumSettings.DRAIN)) {
      Turns turns =
          Turns.take(bench.screen(), List.of(ducat, debezium), backlog, bench.lengths().rounds());
      Figure.Yardstick other = turns.against(debezium, ducat);
      Spread rate = turns.rates(ducat);
      bench
          .report()
          .add(
              new Figure(
                      NAME,
                      "relay drains a backlog, exactly once",
                      "events/s",
                      rate,
                      other,
                      "",
                      Figure.Verdict.NO_TARGET)
                  .asked(
                      "≥ 60,000 and ≥ 2 × Debezium",
                      rate.median() >= DRAIN_LEAST && other.ratio().median() >= 2));
    }
  }

  private void latency() {
    bench.screen().say("commit to visible");
    bench.ducat().restartPostgres("track_commit_timestamp", "on");
    bench.warmUp();
    Contestant ducat = new DucatLatency(bench);
    try (Contestant debezium =
        new DebeziumLatency(
            bench.ducat().postgres(), bench.ducat().kafka(), DebeziumSettings.LATENCY)) {
      Turns turns =
          Turns.take(
              bench.screen(),
              List.of(ducat, debezium),
              bench.lengths().run(),
              bench.lengths().rounds());
      latency(turns, ducat, debezium, 50, 6);
      latency(turns, ducat, debezium, 99, 20);
    } finally {
      bench.ducat().restartPostgres("track_commit_timestamp", null);
    }
  }

  private void latency(
      Turns turns, Contestant ducat, Contestant debezium, double percentile, double most) {
    Spread ours = turns.latencies(ducat, percentile);
    Figure.Yardstick other = turns.percentileAgainst(debezium, ducat, percentile);
    bench
        .report()
        .add(
            new Figure(
                    NAME,
                    "commit → visible at 1,000 payments/s, p%.0f".formatted(percentile),
                    "ms",
                    ours,
                    other,
                    "",
                    Figure.Verdict.NO_TARGET)
                .asked(
                    "≤ %.0f ms and below Debezium's".formatted(most),
                    ours.median() <= most && other.ratio().median() < 1));
  }
}
