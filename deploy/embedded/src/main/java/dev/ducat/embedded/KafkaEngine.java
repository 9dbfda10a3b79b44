package dev.ducat.embedded;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * One Kafka node, broker and controller in one, in a JVM of its own that runs {@link KafkaProcess}.
 */
final class KafkaEngine implements Engine {
  private static final String CONTROLLER_PORT = "controllerPort";
  private static final int PROBE_MS = 2_000;

  @Override
  public List<String> prepare(ServiceHome home, int port) {
    OptionalInt remembered = home.number(CONTROLLER_PORT);
    int controllerPort =
        remembered.isPresent() && Ports.isFree(remembered.getAsInt())
            ? remembered.getAsInt()
            : Ports.free();
    home.remember(CONTROLLER_PORT, controllerPort);
    Path configuration = home.folder().resolve("server.properties");
    Path arguments = home.folder().resolve("java.args");
    try {
      Files.createDirectories(home.folder());
      Files.writeString(configuration, configuration(home.data(), port, controllerPort));
      Files.writeString(arguments, javaArguments());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "@" + arguments,
        KafkaProcess.class.getName(),
        configuration.toString());
  }

  @Override
  public boolean answers(int port) {
    // The admin client logs a warning for each refused connection; a closed port needs no client to
    // be noticed.
    if (!Ports.isOpen(port, PROBE_MS)) {
      return false;
    }
    Map<String, Object> settings =
        Map.of(
            AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, Ports.HOST + ":" + port,
            AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, PROBE_MS,
            AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, PROBE_MS);
    Admin admin = Admin.create(settings);
    try {
      return !admin.describeCluster().nodes().get(PROBE_MS, TimeUnit.MILLISECONDS).isEmpty();
    } catch (ExecutionException | TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedServiceException("interrupted while asking Kafka", e);
    } finally {
      // Without a limit this waits for answers on their way, and a frozen broker never gives them.
      admin.close(Duration.ZERO);
    }
  }

  @Override
  public String gracefulSignal() {
    return "TERM";
  }

  @Override
  public String abruptSignal() {
    return "KILL";
  }

  private static String configuration(Path data, int port, int controllerPort) {
    return """
        process.roles=broker,controller
        node.id=1
        controller.quorum.voters=1@127.0.0.1:%2$d
        listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
        advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
        controller.listener.names=CONTROLLER
        inter.broker.listener.name=PLAINTEXT
        log.dirs=%3$s

        # A topic that nobody created is a mistake, not a wish.
        auto.create.topics.enable=false
        default.replication.factor=1
        min.insync.replicas=1
        offsets.topic.replication.factor=1
        offsets.topic.num.partitions=8
        transaction.state.log.replication.factor=1
        transaction.state.log.min.isr=1
        transaction.state.log.num.partitions=8
        share.coordinator.state.topic.replication.factor=1
        share.coordinator.state.topic.min.isr=1
        share.coordinator.state.topic.num.partitions=1

        # A transaction begun right after a commit otherwise waits 20 ms for the markers of the last one.
        add.partitions.to.txn.retry.backoff.ms=1
        group.initial.rebalance.delay.ms=0

        # A killed broker is let in again only when the session of its former self has ended.
        broker.heartbeat.interval.ms=500
        broker.session.timeout.ms=3000

        # One machine, few clients, a small heap.
        num.network.threads=2
        num.io.threads=2
        log.cleaner.threads=1
        log.cleaner.dedupe.buffer.size=8388608
        """
        .formatted(port, controllerPort, data.toString().replace("\\", "\\\\"));
  }

  /** Options and class path in a file: a class path can be longer than one argument may be. */
  private static String javaArguments() {
    List<String> arguments =
        List.of(
            "-XX:+UseSerialGC",
            "-Xms64m",
            "-Xmx512m",
            "-XX:+ExitOnOutOfMemoryError",
            "--enable-native-access=ALL-UNNAMED",
            "-Dfile.encoding=UTF-8",
            "-Dlogback.configurationFile=dev/ducat/embedded/kafka-logback.xml",
            "-cp",
            classPath());
    return arguments.stream()
        .map(argument -> '"' + argument.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
        .collect(Collectors.joining("\n", "", "\n"));
  }

  /** This JVM's class path, made absolute because the child runs in another folder. */
  private static String classPath() {
    return Arrays.stream(System.getProperty("java.class.path", "").split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }
}
