package dev.ducat.launcher.cli;

import dev.ducat.launcher.demo.Demo;
import dev.ducat.launcher.demo.DemoOptions;
import dev.ducat.launcher.demo.Screen;
import dev.ducat.launcher.node.Logging;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "demo",
    description = {
      "Show everything at once, on data of its own: two nodes take payments of every kind, one is",
      "killed half-way, the other finishes its work, and an audit checks every promise.",
      "Exits with 1 when a promise is broken."
    },
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  @Option(
      names = "--payments",
      paramLabel = "N",
      defaultValue = "400",
      description = "How many payments. Default: ${DEFAULT-VALUE}.")
  private int payments = 400;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "12",
      description = "How many clients at a time. Default: ${DEFAULT-VALUE}.")
  private int clients = 12;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Chooses amounts and order. Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  // Replaced by picocli.
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    Path folder = Files.createTempDirectory("ducat-demo-");
    boolean holds =
        new Demo(
                new DemoOptions(payments, clients, seed, folder),
                new Screen(out, Logging.onTerminal()))
            .run();
    if (holds) {
      delete(folder.resolve("data"));
    }
    return holds ? Shown.DONE : Shown.ERROR;
  }

  private static void delete(Path top) throws IOException {
    try (Stream<Path> paths = Files.walk(top)) {
      for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(path);
      }
    }
  }
}
