package dev.ducat.bench.ducat;

import dev.ducat.launcher.node.ReadyInfo;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A node by {@code ducat up}, all defaults, free ports. It ends when this process does. */
public final class DucatProcess implements AutoCloseable {
  private static final Duration START_MAX = Duration.ofMinutes(2);
  private static final Duration STOP_MAX = Duration.ofSeconds(30);
  private static final int TAIL_LINES = 30;
  private static final Duration POLL = Duration.ofMillis(20);

  private final Process process;
  private final ReadyInfo info;

  private DucatProcess(Process process, ReadyInfo info) {
    this.process = process;
    this.info = info;
  }

  /**
   * Starts a node on the embedded services of a data folder, and waits until it serves.
   *
   * @throws IllegalStateException when it does not; with the end of its log
   */
  public static DucatProcess start(Path data) {
    Path folder = data.resolve("bench");
    Path ready = folder.resolve("ready.json");
    Path log = folder.resolve("node.log");
    try {
      Files.createDirectories(folder);
      Files.deleteIfExists(ready);
      // The user's own ducat.yaml and variables are for the user's own nodes.
      Path config = Files.writeString(folder.resolve("ducat.yaml"), "{}\n");
      List<String> command = new ArrayList<>(program());
      command.addAll(List.of("up", "--config", config.toString(), "--data", data.toString()));
      command.addAll(List.of("--grpc-port", "0", "--operations-port", "0", "--http-port", "0"));
      command.addAll(List.of("--ready-file", ready.toString(), "--until-stdin-closes"));
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
      builder
          .environment()
          .keySet()
          .removeIf(name -> name.startsWith("DUCAT_") && !name.equals("DUCAT_JAVA_OPTS"));
      Process process = builder.start();
      return new DucatProcess(process, awaitReady(process, ready, log));
    } catch (IOException failed) {
      throw new UncheckedIOException("the node does not start", failed);
    }
  }

  private static ReadyInfo awaitReady(Process process, Path ready, Path log) {
    long start = System.nanoTime();
    Optional<ReadyInfo> info = ReadyInfo.read(ready);
    while (info.isEmpty()) {
      if (!process.isAlive() || System.nanoTime() - start > START_MAX.toNanos()) {
        process.destroyForcibly();
        throw new IllegalStateException("the node did not start; its log ends\n" + tail(log));
      }
      LockSupport.parkNanos(POLL.toNanos());
      info = ReadyInfo.read(ready);
    }
    return info.get();
  }

  private static String tail(Path log) {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    } catch (IOException unreadable) {
      return String.valueOf(unreadable.getMessage());
    }
  }

  public String host() {
    return info.grpc().split(":", -1)[0];
  }

  public int grpcPort() {
    return Integer.parseInt(info.grpc().split(":", -1)[1]);
  }

  /** {@code host:port} of health and metrics. */
  public String http() {
    return info.http();
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Ends the node in good order. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_MAX.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException stopped) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The project's own command where it is known, flags and all; in tests the same program on the
   * class path of the test.
   */
  private static List<String> program() {
    String home = System.getProperty("ducat.home", "");
    if (!home.isEmpty()) {
      return List.of(Path.of(home, "ducat").toString());
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path", "." + File.separator)));
    command.add("dev.ducat.launcher.Main");
    return command;
  }
}
