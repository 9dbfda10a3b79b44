package dev.ducat.bench;

import dev.ducat.bench.suite.BenchCommand;
import picocli.CommandLine;

/** The program behind {@code ./ducat bench}. */
public final class Main {
  private Main() {}

  @SuppressWarnings("CatchAndPrintStackTrace") // Nobody is above to catch it.
  public static void main(String[] args) {
    // Whatever happens: threads of clients must not keep a failed bench alive.
    int code = BenchCommand.FAILED;
    try {
      code =
          new CommandLine(new BenchCommand())
              .setCaseInsensitiveEnumValuesAllowed(true)
              .setExecutionExceptionHandler(
                  (failure, line, parsed) -> BenchCommand.explain(failure))
              .execute(args);
    } catch (Error broken) {
      broken.printStackTrace();
    }
    System.exit(code);
  }
}
