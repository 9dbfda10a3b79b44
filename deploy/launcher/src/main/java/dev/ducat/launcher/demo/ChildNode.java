package dev.ducat.launcher.demo;

import dev.ducat.launcher.Main;
import dev.ducat.launcher.node.ReadyInfo;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** A node in a process of its own. It ends when this one does, however that ends. */
final class ChildNode implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(50);

  private final Process process;
  private final Path ready;
  private final Path output;

  private ChildNode(Process process, Path ready, Path output) {
    this.process = process;
    this.ready = ready;
    this.output = output;
  }

  /**
   * Starts {@code up} on a data folder that another node uses, with free ports.
   *
   * @param config read instead of the user's own ducat.yaml and variables
   */
  static ChildNode start(Path folder, Path config, Path data, String nodeId) throws IOException {
    Path ready = folder.resolve(nodeId + ".ready.json");
    Path output = folder.resolve(nodeId + ".out");
    Path arguments = folder.resolve(nodeId + ".args");
    List<String> words = new ArrayList<>(javaFlags());
    words.addAll(
        List.of(
            Main.class.getName(),
            "up",
            "--config",
            config.toString(),
            "--data",
            data.toString(),
            "--node-id",
            nodeId,
            "--cluster",
            "--grpc-port",
            "0",
            "--operations-port",
            "0",
            "--http-port",
            "0",
            "--log-file",
            folder.resolve(nodeId + ".log").toString(),
            "--ready-file",
            ready.toString(),
            "--until-stdin-closes"));
    // In a file: a class path can be longer than one argument may be.
    Files.writeString(
        arguments,
        words.stream()
            .map(word -> '"' + word.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
            .collect(Collectors.joining("\n")));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "@" + arguments);
    builder.environment().keySet().removeIf(name -> name.startsWith("DUCAT_"));
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    return new ChildNode(builder.start(), ready, output);
  }

  /**
   * Waits until the node serves.
   *
   * @throws IllegalStateException when it ends, or takes too long; with the last of what it said
   */
  ReadyInfo awaitReady(Duration limit) throws IOException {
    long start = System.nanoTime();
    Optional<ReadyInfo> info = ReadyInfo.read(ready);
    while (info.isEmpty()) {
      if (!process.isAlive() || System.nanoTime() - start > limit.toNanos()) {
        throw new IllegalStateException(
            "the second node did not start:\n" + Files.readString(output));
      }
      LockSupport.parkNanos(POLL.toNanos());
      info = ReadyInfo.read(ready);
    }
    return info.get();
  }

  long pid() {
    return process.pid();
  }

  /** SIGKILL: no instruction more. Returns when the process is gone. */
  void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  private static List<String> javaFlags() {
    List<String> flags =
        new ArrayList<>(
            List.of("-Xmx384m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
    if (Runtime.version().feature() >= 23) {
      flags.add("--sun-misc-unsafe-memory-access=allow");
    }
    flags.add("-cp");
    flags.add(
        List.of(System.getProperty("java.class.path").split(File.pathSeparator, -1)).stream()
            .map(entry -> Path.of(entry).toAbsolutePath().toString())
            .collect(Collectors.joining(File.pathSeparator)));
    return flags;
  }
}
