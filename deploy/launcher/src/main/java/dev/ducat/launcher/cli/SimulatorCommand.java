package dev.ducat.launcher.cli;

import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.config.NodeConfig.Log;
import dev.ducat.launcher.node.Logging;
import dev.ducat.launcher.psp.SimulatorServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "simulator",
    description = {
      "Run the simulated PSP as a ConnectorService of its own, on 127.0.0.1.",
      "",
      "Nodes use it by 'connectors: {NAME: {address: \"127.0.0.1:PORT\"}}'. What payment methods"
          + " make it do is in docs/connectors.md."
    },
    mixinStandardHelpOptions = true)
final class SimulatorCommand implements Callable<Integer> {
  private static final String HOST = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "50060",
      description = "Default: ${DEFAULT-VALUE}. 0: any free one.")
  private int port = 50060;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = ".ducat",
      description = "Its journal is simulator/journal.tsv in there. Default: ${DEFAULT-VALUE}.")
  private Path data = Path.of(".ducat");

  @Option(
      names = "--report-to",
      paramLabel = "HOST:PORT",
      description = "The Ducat that is told of what is decided late. Default: nobody, Ducat asks.")
  private @Nullable String reportTo;

  @Option(
      names = "--as",
      paramLabel = "NAME",
      defaultValue = "simulator",
      description = "Its connector's name there. Default: ${DEFAULT-VALUE}.")
  private String name = "simulator";

  @Option(
      names = "--payout-after",
      paramLabel = "MS",
      description =
          "With --report-to: tell that a capture is settled this many milliseconds after it, for a"
              + " connector with settlement: reported. Default: it settles with the capture.")
  private @Nullable Long payoutMs;

  @Option(
      names = "--ready-file",
      paramLabel = "FILE",
      description = "Written when it serves: JSON with pid and address.")
  private @Nullable Path readyFile;

  // Replaced by picocli.
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException, IOException {
    Logging.forNode(new Log(null, Log.Format.AUTO, Log.Level.INFO));
    if (readyFile != null) {
      Files.deleteIfExists(readyFile);
    }
    SimulatorServer.Ducat ducat =
        reportTo == null
            ? null
            : new SimulatorServer.Ducat(
                Addresses.parse(reportTo),
                name,
                payoutMs == null ? null : Duration.ofMillis(payoutMs));
    Path journal = data.resolve("simulator").resolve("journal.tsv");
    SimulatorServer server = SimulatorServer.start(HOST, port, journal, ducat);
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "ducat-shutdown"));
    String address = HOST + ":" + server.port();
    if (readyFile != null) {
      tellReady(readyFile, address);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(new Table("", "").row("  gRPC", address).row("  journal", journal));
    out.flush();
    new CountDownLatch(1).await();
    return Shown.DONE;
  }

  /** At once or not at all: who sees the file sees all of it. */
  private static void tellReady(Path file, String address) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Files.createDirectories(folder);
    Path draft = Files.createTempFile(folder, "." + file.getFileName(), ".new");
    JsonObject json =
        new JsonObject().put("pid", ProcessHandle.current().pid()).put("grpc", address);
    Files.writeString(draft, json.encodePrettily() + "\n");
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
