package dev.ducat.bench;

import dev.ducat.bench.suite.BenchCommand;
import picocli.CommandLine;

/** The program behind {@code ./ducat bench}. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new BenchCommand())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExecutionExceptionHandler((failure, line, parsed) -> BenchCommand.explain(failure))
            .execute(args));
  }
}
