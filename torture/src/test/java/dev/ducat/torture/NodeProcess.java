package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.crash.CrashPoint;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One Ducat node in a JVM of its own, started as a user starts it and mistreated as the world does:
 * signals come from outside, what it says is read from its ready file and its HTTP port.
 */
final class NodeProcess {
  /** Long, because two busy cores may start two nodes and three services at once. */
  private static final Duration START_MAX = Duration.ofSeconds(60);

  /** DESIGN §12: SIGTERM ends a node within 30 s. */
  private static final Duration STOP_MAX = Duration.ofSeconds(30);

  private static final int LOG_TAIL_LINES = 60;

  /** What still runs when this JVM ends, whatever the reason, ends with it. */
  private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> RUNNING.forEach(Process::destroyForcibly), "end-of-all-nodes"));
  }

  /**
   * How to start a node.
   *
   * @param crash where it ends itself, or null
   * @param crashCount how often it passes there before
   * @param verticles what runs in it; empty: everything
   */
  record Plan(
      Path data,
      String nodeId,
      boolean cluster,
      List<String> verticles,
      @Nullable CrashPoint crash,
      int crashCount) {

    static Plan of(Path data, String nodeId) {
      return new Plan(data, nodeId, false, List.of(), null, 0);
    }

    Plan clustered() {
      return new Plan(data, nodeId, true, verticles, crash, crashCount);
    }

    Plan running(String... names) {
      return new Plan(data, nodeId, cluster, List.of(names), crash, crashCount);
    }

    Plan crashingAt(CrashPoint point, int count) {
      return new Plan(data, nodeId, cluster, verticles, point, count);
    }
  }

  private final Plan plan;
  private final Process process;
  private final Path log;
  private final Path readyFile;
  private @Nullable JsonObject info;

  private NodeProcess(Plan plan, Process process, Path log, Path readyFile) {
    this.plan = plan;
    this.process = process;
    this.log = log;
    this.readyFile = readyFile;
  }

  /** Starts a node and returns at once. */
  static NodeProcess launch(Plan plan) {
    try {
      Path logs = Files.createDirectories(plan.data().resolve("node-logs"));
      Path log = Files.createTempFile(logs, plan.nodeId() + "-", ".log");
      Path ready = log.resolveSibling(log.getFileName() + ".ready");
      ProcessBuilder builder =
          new ProcessBuilder(command(plan, ready))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile());
      builder.environment().put("DUCAT_LOG_FORMAT", "text");
      Process process = builder.start();
      RUNNING.add(process);
      var unused = process.onExit().thenAccept(RUNNING::remove);
      return new NodeProcess(plan, process, log, ready);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start node " + plan.nodeId(), e);
    }
  }

  private static List<String> command(Plan plan, Path ready) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Lives for seconds: start fast, stay small.
    command.addAll(
        List.of(
            "-Xmx320m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "--enable-native-access=ALL-UNNAMED"));
    if (plan.crash() != null) {
      command.add("-Dducat.crash=" + plan.crash() + ":" + plan.crashCount());
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of("dev.ducat.launcher.Main", "up"));
    command.addAll(List.of("--data", plan.data().toString(), "--node-id", plan.nodeId()));
    command.addAll(List.of("--grpc-port", "0", "--operations-port", "0", "--http-port", "0"));
    command.addAll(List.of("--ready-file", ready.toString()));
    // The pipe closes when this JVM ends, however it ends: no node outlives its test.
    command.add("--until-stdin-closes");
    if (plan.cluster()) {
      command.add("--cluster");
    }
    if (!plan.verticles().isEmpty()) {
      command.addAll(List.of("--verticles", String.join(",", plan.verticles())));
    }
    return command;
  }

  NodeProcess awaitReady() {
    if (info != null) {
      return this;
    }
    long began = System.nanoTime();
    await("node " + plan.nodeId() + " is ready")
        .atMost(START_MAX)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> Files.exists(readyFile) || !process.isAlive());
    if (!Files.exists(readyFile)) {
      throw new AssertionError(
          "node %s ended with %d before it was ready:%n%s"
              .formatted(plan.nodeId(), process.exitValue(), logTail()));
    }
    try {
      info = new JsonObject(Files.readString(readyFile));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThat(info.getLong("pid")).as("pid in the ready file").isEqualTo(process.pid());
    System.out.printf("torture: waited %d ms for %s%n", Timing.since(began), nodeId());
    return this;
  }

  String nodeId() {
    return plan.nodeId();
  }

  /** Where its gateway listens. */
  SocketAddress grpc() {
    return address("grpc");
  }

  /** {@code host:port} of its gateway. */
  String grpcText() {
    return text("grpc");
  }

  boolean isClustered() {
    return plan.cluster();
  }

  /** Whether it is a node as everybody starts one: alone, whole, and to stay. */
  boolean isOrdinary() {
    return !plan.cluster() && plan.verticles().isEmpty() && plan.crash() == null;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** {@code kill -9}; returns when it is gone. */
  void kill() {
    process.destroyForcibly();
    awaitExit(Duration.ofSeconds(10));
  }

  /** SIGTERM; returns the exit code when it is gone, which must be within 30 s. */
  int terminate() {
    process.destroy();
    return awaitExit(STOP_MAX);
  }

  /** SIGSTOP: connections stay open, nothing answers. */
  void pause() {
    signal("STOP");
  }

  /** SIGCONT. */
  void resume() {
    signal("CONT");
  }

  /** Waits for the end and returns the exit code. */
  int awaitExit(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(
            "node %s still runs after %d s:%n%s"
                .formatted(plan.nodeId(), limit.toSeconds(), logTail()));
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting for node " + plan.nodeId(), e);
    }
  }

  /** GET on the HTTP port. */
  String http(String path) {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://" + text("http") + path))
                  .timeout(Duration.ofSeconds(5))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      throw new UncheckedIOException(plan.nodeId() + " does not answer on " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** The sum of a metric over all its labels; 0 where it is not exposed. */
  double metric(String name) {
    return http("/metrics")
        .lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** The lines of its log, so far, that contain a text. */
  List<String> logLines(String text) {
    try (Stream<String> lines = Files.lines(log)) {
      return lines.filter(line -> line.contains(text)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The last lines it wrote, for messages. */
  String logTail() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join(
          "\n", lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size()));
    } catch (IOException e) {
      return "no log: " + e.getMessage();
    }
  }

  @Override
  public String toString() {
    return plan.nodeId() + " (pid " + process.pid() + ", log " + log + ")";
  }

  private SocketAddress address(String name) {
    String[] hostAndPort = text(name).split(":", -1);
    return SocketAddress.inetSocketAddress(Integer.parseInt(hostAndPort[1]), hostAndPort[0]);
  }

  private String text(String name) {
    JsonObject known = info;
    if (known == null) {
      throw new IllegalStateException("node " + plan.nodeId() + " is not ready");
    }
    return known.getString(name);
  }

  private void signal(String name) {
    try {
      int code =
          new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
              .inheritIO()
              .start()
              .waitFor();
      assertThat(code).as("kill -%s %d", name, process.pid()).isZero();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
