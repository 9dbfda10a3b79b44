package dev.ducat.bench.suite;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
import dev.ducat.bench.ducat.DucatRuns;
import dev.ducat.bench.load.Pace;
import dev.ducat.bench.load.Workload;

/** Ducat as a contestant: one workload at one pace, each run to its last event in Kafka. */
final class DucatLoad implements Contestant {
  private final String name;
  private final DucatRuns runs;
  private final Workload workload;
  private final Pace pace;

  DucatLoad(String name, DucatRuns runs, Workload workload, Pace pace) {
    this.name = name;
    this.runs = runs;
    this.workload = workload;
    this.pace = pace;
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * One run.
   *
   * @throws IllegalStateException when any call failed: these loads are within what Ducat takes
   */
  @Override
  public Run run(Bounds bounds) {
    DucatRuns.Outcome outcome = runs.run(workload, pace, bounds);
    long bad =
        outcome.load().errors()
            + outcome.load().refused()
            + outcome.load().odd(workload.operationsPerCall());
    if (bad > 0 || !outcome.load().trouble().isEmpty()) {
      throw new IllegalStateException(
          "%s: %d calls failed, by status %s %s"
              .formatted(name, bad, outcome.load().statuses(), outcome.load().trouble()));
    }
    return new Run(outcome.load().completed(), outcome.endToEnd(), outcome.load().latencyMicros());
  }

  /** The node is not its own. */
  @Override
  public void close() {}
}
