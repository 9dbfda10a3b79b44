package dev.ducat.launcher.cli;

import dev.ducat.launcher.config.NodeConfig;
import dev.ducat.launcher.config.Setting;
import dev.ducat.launcher.config.Settings;
import dev.ducat.launcher.node.Logging;
import dev.ducat.launcher.node.ReadyInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "up",
    description = {
      "Start a node, on embedded PostgreSQL, Redis and Kafka unless real ones are configured.",
      "",
      "Every option is also a setting in ducat.yaml and a variable: grpc.port, DUCAT_GRPC_PORT."
    },
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
  private static final Duration READY_MAX = Duration.ofSeconds(90);

  @Option(names = "--data", paramLabel = "DIR", description = "Folder for data. Default: .ducat.")
  private @Nullable String data;

  @Option(names = "--fresh", description = "Begin with empty data.")
  private boolean fresh;

  @Option(names = "--grpc-port", paramLabel = "PORT", description = "Default: 50051. 0: any free.")
  private @Nullable String grpcPort;

  @Option(names = "--operations-port", paramLabel = "PORT", description = "Default: 50052.")
  private @Nullable String operationsPort;

  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      description = "Of /health/live, /health/ready and /metrics. Default: 8088.")
  private @Nullable String httpPort;

  @Option(
      names = "--verticles",
      paramLabel = "LIST",
      description = "Which of relay,ledger,saga,gateway run here. Default: all.")
  private @Nullable String verticles;

  @Option(names = "--cluster", description = "Form a cluster with other nodes.")
  private boolean cluster;

  @Option(names = "--node-id", paramLabel = "NAME", description = "Name among the nodes.")
  private @Nullable String nodeId;

  @Option(names = "--config", paramLabel = "FILE", description = "Default: ducat.yaml, if there.")
  private @Nullable Path config;

  @Option(
      names = "--ready-file",
      paramLabel = "FILE",
      description = "Written when everything serves: JSON with pid and addresses.")
  private @Nullable Path readyFile;

  @Option(names = "--log-file", paramLabel = "FILE", description = "Default: standard output.")
  private @Nullable String logFile;

  @Option(names = "--insecure-dev", description = "Serve without TLS and tokens on real services.")
  private boolean insecureDev;

  // The demo's second node must not outlive the demo, however that ends.
  @Option(names = "--until-stdin-closes", hidden = true)
  private boolean untilStdinCloses;

  // Replaced by picocli.
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException, IOException {
    Settings settings = Settings.read(config, System.getenv(), flags());
    NodeConfig checked = NodeConfig.from(settings);
    Neighbors.check(checked);
    TakenPorts.check(checked.listen());
    Logging.forNode(checked.log());
    PrintWriter out = out();
    out.print(settings.describe());
    out.flush();
    if (readyFile != null) {
      // One of an earlier start would tell of a node that is gone.
      Files.deleteIfExists(readyFile);
    }
    CountDownLatch end = new CountDownLatch(1);
    RunningNode running = new RunningNode(checked, fresh);
    // Ends on SIGTERM and Ctrl-C as well; the JVM waits for the hook, and the hook for the node.
    Thread hook = new Thread(running::close, "ducat-shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      ReadyInfo info = running.start(READY_MAX);
      info.write(ReadyInfo.fileOf(checked.data(), checked.nodeId()));
      if (readyFile != null) {
        info.write(readyFile);
      }
      out.print(banner(checked, info));
      out.flush();
      awaitEnd(end);
      return Shown.DONE;
    } finally {
      running.close();
    }
  }

  private void awaitEnd(CountDownLatch end) throws InterruptedException {
    if (untilStdinCloses) {
      Thread.ofPlatform()
          .daemon()
          .name("stdin")
          .start(
              () -> {
                try {
                  while (System.in.read() >= 0) {
                    // Nothing is expected; what matters is the end.
                  }
                } catch (IOException closed) {
                  // As good as the end.
                }
                end.countDown();
              });
    }
    end.await();
  }

  private Map<Setting, String> flags() {
    Map<Setting, String> flags = new EnumMap<>(Setting.class);
    put(flags, Setting.DATA, data);
    put(flags, Setting.GRPC_PORT, grpcPort);
    put(flags, Setting.OPERATIONS_PORT, operationsPort);
    put(flags, Setting.HTTP_PORT, httpPort);
    put(flags, Setting.VERTICLES, verticles);
    put(flags, Setting.NODE_ID, nodeId);
    put(flags, Setting.LOG_FILE, logFile);
    put(flags, Setting.CLUSTER, cluster ? "true" : null);
    put(flags, Setting.INSECURE_DEV, insecureDev ? "true" : null);
    return flags;
  }

  private static void put(Map<Setting, String> flags, Setting setting, @Nullable String value) {
    if (value != null) {
      flags.put(setting, value);
    }
  }

  private static String banner(NodeConfig config, ReadyInfo info) {
    Table table = new Table("", "");
    if (!info.grpc().isEmpty()) {
      table.row("  gRPC", info.grpc()).row("  operations", info.operations());
    }
    table
        .row("  health", "http://" + info.http() + "/health/ready")
        .row("  metrics", "http://" + info.http() + "/metrics")
        .row("  postgres", info.postgres())
        .row("  redis", info.redis())
        .row("  kafka", info.kafka());
    String warning =
        config.embedded()
            ? "\nEmbedded services: no TLS, no tokens, no passwords, reachable from this machine only."
                + "\nFor development. Data lies in "
                + config.data().toAbsolutePath().normalize()
                + "\n"
            : "\nInsecure by --insecure-dev: no TLS, no tokens. Whoever reaches this node may pay.\n";
    return "\nducat node " + info.nodeId() + " serves\n\n" + table + warning + "\n";
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
