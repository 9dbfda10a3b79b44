package dev.ducat.launcher.cli;

import dev.ducat.embedded.EmbeddedServiceException;
import dev.ducat.launcher.config.ConfigException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** The command line: {@code ducat up}, {@code ducat pay} and the others. */
@Command(
    name = "ducat",
    description = "An event-driven payment platform: a payment happens once.",
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      UpCommand.class,
      DemoCommand.class,
      PayCommand.class,
      GetCommand.class,
      ListCommand.class,
      CaptureCommand.class,
      CancelCommand.class,
      RefundCommand.class,
      ExplainCommand.class,
      WatchCommand.class,
      BalanceCommand.class,
      VerifyCommand.class,
      SagasCommand.class,
      RelayCommand.class,
      EventsCommand.class,
      SimulatorCommand.class,
      ConformanceCommand.class,
      VersionCommand.class
    },
    footer = {
      "",
      "  bench, test, image and format are commands of the ./ducat script.",
      "  Client commands exit with 0 done, 1 error, 2 declined, 3 still running."
    })
public final class Ducat implements Runnable {
  private Ducat() {}

  /** A new command line; errors are printed for people, without stack traces. */
  public static CommandLine commandLine() {
    return new CommandLine(new Ducat())
        .setParameterExceptionHandler(Ducat::explainParameters)
        .setExecutionExceptionHandler(
            (failure, commandLine, parsed) -> {
              commandLine.getErr().println("ducat: " + explain(failure));
              return Shown.ERROR;
            });
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }

  // Exit code 2, picocli's own for this, means "declined" here.
  private static int explainParameters(ParameterException failure, String[] args) {
    CommandLine commandLine = failure.getCommandLine();
    commandLine.getErr().println("ducat: " + failure.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(failure, commandLine.getErr());
    commandLine
        .getErr()
        .println("Try '" + commandLine.getCommandSpec().qualifiedName() + " --help'.");
    return Shown.ERROR;
  }

  private static String explain(Exception failure) {
    return switch (failure) {
      case ConfigException faults -> String.valueOf(faults.getMessage());
      case EmbeddedServiceException service -> String.valueOf(service.getMessage());
      case IllegalArgumentException wrong -> String.valueOf(wrong.getMessage());
      case IllegalStateException stuck -> String.valueOf(stuck.getMessage());
      default -> failure.getClass().getSimpleName() + ": " + failure.getMessage();
    };
  }
}
