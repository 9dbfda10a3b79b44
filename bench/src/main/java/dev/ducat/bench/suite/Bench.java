package dev.ducat.bench.suite;

import dev.ducat.bench.ducat.DucatRuns;
import dev.ducat.bench.ducat.Installation;
import dev.ducat.bench.load.Pace;
import dev.ducat.bench.load.Workload;
import dev.ducat.bench.report.Report;

/**
 * What all suites of one call share: one installation, one report, one screen.
 *
 * @param runs of the installation's node
 */
record Bench(Installation ducat, DucatRuns runs, Lengths lengths, Report report, Screen screen) {
  /** The compilers and caches of a node that has just started are no part of any figure. */
  private static final int WARM_UP_IN_FLIGHT = 512;

  void warmUp() {
    screen.doing("warming up");
    var unused =
        runs.run(
            Workload.PAYMENTS_SPREAD, new Pace.ClosedLoop(WARM_UP_IN_FLIGHT), lengths.warmUpRun());
  }
}
