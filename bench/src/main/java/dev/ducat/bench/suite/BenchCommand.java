package dev.ducat.bench.suite;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.ducat.DucatRuns;
import dev.ducat.bench.ducat.Installation;
import dev.ducat.bench.load.Pace;
import dev.ducat.bench.load.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line of the bench. */
@Command(
    name = "ducat bench",
    description = "Measure Ducat on this machine, in turns with yardsticks on the same services.",
    mixinStandardHelpOptions = true)
public final class BenchCommand implements Callable<Integer> {
  @Option(names = "--quick", description = "Short runs: under three minutes in all.")
  private boolean quick;

  @Option(names = "--data", paramLabel = "DIR", description = "Where the services keep their data.")
  private Path data =
      Path.of(System.getProperty("java.io.tmpdir"), "ducat-bench-" + ProcessHandle.current().pid());

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(data);
    try (Installation ducat = Installation.start(data, false)) {
      DucatRuns runs = new DucatRuns(ducat, each -> {});
      Bounds first = new Bounds(Duration.ZERO, Duration.ofSeconds(quick ? 8 : 20), Long.MAX_VALUE);
      runs.run(Workload.PAYMENTS_SPREAD, new Pace.ClosedLoop(256), first);
      Bounds bounds =
          new Bounds(Duration.ofSeconds(2), Duration.ofSeconds(quick ? 6 : 20), Long.MAX_VALUE);
      for (int inFlight : new int[] {64, 256, 1_024, 2_048}) {
        DucatRuns.Outcome outcome =
            runs.run(Workload.PAYMENTS_SPREAD, new Pace.ClosedLoop(inFlight), bounds);
        Histogram latency = outcome.load().latencyMicros();
        System.out.printf(
            Locale.ROOT,
            "%5d in flight: %,8.0f payments/s end to end (%,.0f answered), p50 %.1f ms, p99 %.1f ms,"
                + " %d errors, %d refused, %d not settled %s%n",
            inFlight,
            outcome.perSecond(),
            outcome.load().perSecond(),
            latency.getValueAtPercentile(50) / 1e3,
            latency.getValueAtPercentile(99) / 1e3,
            outcome.load().errors(),
            outcome.load().refused(),
            outcome.load().odd(1),
            outcome.load().trouble());
      }
    }
    return 0;
  }
}
