package dev.ducat.torture.machine;

import dev.ducat.launcher.client.Addresses;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A node in a process of its own, started as a user starts it. It ends when this JVM does. */
record Node(Process process, SocketAddress grpc) {
  private static final Duration START_MAX = Duration.ofMinutes(2);

  /**
   * Starts a node of a cluster and waits until it serves.
   *
   * @param environment where its services are
   */
  static Node start(Path data, String name, Map<String, String> environment) throws IOException {
    Path logs = Files.createDirectories(data.resolve("node-logs"));
    Path log = Files.createTempFile(logs, name + "-", ".log");
    Path ready = log.resolveSibling(log.getFileName() + ".ready");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    ProcessBuilder builder =
        new ProcessBuilder(
                List.of(
                    java,
                    "-Xmx384m",
                    "-XX:+UseSerialGC",
                    // It may live for seconds only: what it compiles it should have of it at once.
                    "-XX:TieredStopAtLevel=1",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "dev.ducat.launcher.Main",
                    "up",
                    "--data",
                    data.toString(),
                    "--node-id",
                    name,
                    "--cluster",
                    "--grpc-port",
                    "0",
                    "--operations-port",
                    "0",
                    "--http-port",
                    "0",
                    "--ready-file",
                    ready.toString(),
                    "--until-stdin-closes"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    long limit = System.nanoTime() + START_MAX.toNanos();
    while (!Files.exists(ready)) {
      if (!process.isAlive() || System.nanoTime() - limit > 0) {
        process.destroyForcibly();
        throw new IllegalStateException(name + " did not start; its log is " + log);
      }
      Pause.of(Duration.ofMillis(50));
    }
    String grpc = new JsonObject(Files.readString(ready)).getString("grpc");
    return new Node(process, Addresses.parse(grpc));
  }

  /** {@code kill -9}; returns when it is gone. */
  void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  void signal(String name) throws IOException, InterruptedException {
    int code =
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    if (code != 0) {
      throw new IllegalStateException("kill -" + name + " ended with " + code);
    }
  }
}
