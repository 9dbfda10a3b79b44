package dev.ducat.bench.suite;

import dev.ducat.bench.ducat.DucatRuns;
import dev.ducat.bench.ducat.Installation;
import dev.ducat.bench.ducat.WrongResult;
import dev.ducat.bench.report.Plots;
import dev.ducat.bench.report.Report;
import dev.ducat.bench.report.Tables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command line of the bench. */
@Command(
    name = "ducat bench",
    description = {
      "Measure Ducat on this machine, in turns with yardsticks on the same services.",
      "",
      "Ducat runs as ./ducat up starts it, on embedded services; the load comes",
      "over gRPC from a process of its own. Every run is checked afterwards, and a",
      "fast wrong answer fails the call."
    },
    footer = {
      "",
      "Exits with 0 when every target was reached, 1 when one was missed, 2 on errors."
    },
    mixinStandardHelpOptions = true)
public final class BenchCommand implements Callable<Integer> {
  private static final int MISSED = 1;

  /** Exit code when there are no figures. */
  public static final int FAILED = 2;

  @Option(
      names = "--quick",
      description = "Short runs, for a look: under three minutes. No growth.")
  private boolean quick;

  @Option(
      names = "--suite",
      paramLabel = "NAME",
      description = "One of ${COMPLETION-CANDIDATES}. Default: all.")
  private Suite suite = Suite.ALL;

  @Option(names = "--cost", description = "Only the cost sheet of a payment.")
  private boolean costOnly;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there.")
  private @Nullable Path json;

  @Option(names = "--plots", paramLabel = "DIR", description = "Draw the plots there, as PNG.")
  private @Nullable Path plots;

  @Option(
      names = "--page",
      paramLabel = "FILE",
      description = "Write the tables into the generated part of this page.")
  private @Nullable Path page;

  @Option(
      names = "--from",
      paramLabel = "FILE",
      description = "Measure nothing: take the figures from what --json wrote.")
  private @Nullable Path from;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Folder for data, emptied before and deleted after. Default: .ducat/bench.")
  private Path data = Path.of(System.getProperty("ducat.home", "."), ".ducat", "bench");

  // Replaced by picocli.
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    Path earlier = from;
    Report report = earlier == null ? measure() : Report.read(earlier);
    System.out.println();
    System.out.print(Tables.plain(report));
    if (json != null) {
      report.write(json);
    }
    if (plots != null) {
      Plots.write(report, plots);
    }
    if (page != null) {
      Tables.writeInto(page, report);
    }
    return report.missedAny() ? MISSED : 0;
  }

  private Report measure() throws IOException {
    List<String> words = spec.commandLine().getParseResult().originalArgs();
    Report report =
        new Report(("./ducat bench " + String.join(" ", words)).strip(), Machine.describe());
    Screen screen = new Screen(System.out, Boolean.getBoolean("ducat.terminal"));
    screen.say(report.machine());
    Lengths lengths = quick ? Lengths.QUICK : Lengths.FULL;
    Files.createDirectories(data);
    try {
      if (costOnly || suite != Suite.GROWTH) {
        screen.doing("starting");
        try (Installation ducat = Installation.start(data.resolve("main"), true)) {
          Bench bench =
              new Bench(ducat, new DucatRuns(ducat, screen::progress), lengths, report, screen);
          bench.warmUp();
          run(bench);
        }
        Installation.delete(data.resolve("main"));
      }
      // Filling a database takes longer than a look may.
      if (!costOnly && (quick ? suite == Suite.GROWTH : suite.includes(Suite.GROWTH))) {
        new GrowthSuite(data, lengths, report, screen).run();
      }
    } finally {
      Installation.delete(data);
    }
    return report;
  }

  private void run(Bench bench) {
    if (costOnly) {
      PaymentsSuite payments = new PaymentsSuite(bench);
      payments.cost(payments.bestInFlight());
      return;
    }
    if (suite.includes(Suite.PAYMENTS)) {
      new PaymentsSuite(bench).run();
    }
    if (suite.includes(Suite.LEDGER)) {
      new LedgerSuite(bench).run();
    }
    if (suite.includes(Suite.RELAY)) {
      new RelaySuite(bench).run();
    }
    if (suite.includes(Suite.SAGA)) {
      new SagaSuite(bench).run();
    }
  }

  /** What to print for a failure, and the exit code. */
  public static int explain(Exception failure) {
    switch (failure) {
      case WrongResult wrong -> System.err.println("ducat bench: " + wrong.getMessage());
      default -> failure.printStackTrace();
    }
    return FAILED;
  }
}
