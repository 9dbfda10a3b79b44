package dev.ducat.bench.peer;

import dev.ducat.bench.yardstick.OwnTopics;
import dev.ducat.kernel.sql.PgSettings;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Debezium in a process of its own, for it needs another Kafka client. Closing it, or the end of
 * this process, ends it.
 */
final class DebeziumProcess implements AutoCloseable {
  private static final Duration END_MAX = Duration.ofSeconds(30);
  private static final Duration ASK_EVERY = Duration.ofMillis(20);
  private static final String HEAP_MAX = "-Xmx1g";

  private final Process process;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  private DebeziumProcess(Process process) {
    this.process = process;
    Thread.ofPlatform().daemon().name("bench-debezium-output").start(this::read);
  }

  /** Starts it; it publishes to these topics. */
  static DebeziumProcess start(
      DebeziumSettings settings, PgSettings database, String kafka, OwnTopics topics) {
    try {
      StringWriter properties = new StringWriter();
      settings.properties(database).store(properties, null);
      Path build = build();
      return new DebeziumProcess(
          new ProcessBuilder(
                  List.of(
                      Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                      HEAP_MAX,
                      "-cp",
                      build.resolve("classes") + File.pathSeparator + build.resolve("lib") + "/*",
                      "dev.ducat.bench.debezium.Main",
                      properties.toString(),
                      kafka,
                      topics.suffix()))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns when the engine asks Postgres for changes. */
  void awaitStreaming(Duration limit) {
    String line = next(limit);
    if (!line.equals("streaming")) {
      throw new IllegalStateException("Debezium did not start: " + line);
    }
  }

  /**
   * Waits until so many events are acknowledged by Kafka.
   *
   * @return the time from the first batch that Debezium handed over to the last acknowledgement
   */
  Duration awaitRelayed(long events, Duration limit) {
    awaitStreaming(limit);
    long end = System.nanoTime() + limit.toNanos();
    while (true) {
      ask();
      String line = next(limit);
      String[] words = line.split(" ", -1);
      if (!words[0].equals("relayed")) {
        throw new IllegalStateException("Debezium failed: " + line);
      }
      if (Long.parseLong(words[1]) >= events) {
        return Duration.ofNanos(Long.parseLong(words[2]));
      }
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException("Debezium is late: " + line + " of " + events);
      }
      pause();
    }
  }

  @Override
  public void close() {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(END_MAX.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException gone) {
      process.destroyForcibly();
    } catch (InterruptedException ending) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private void ask() {
    try {
      process.getOutputStream().write('\n');
      process.getOutputStream().flush();
    } catch (IOException gone) {
      throw new UncheckedIOException("Debezium has ended", gone);
    }
  }

  private String next(Duration limit) {
    try {
      @Nullable String line = lines.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
      if (line == null) {
        throw new IllegalStateException("Debezium says nothing");
      }
      return line;
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", ending);
    }
  }

  private static void pause() {
    LockSupport.parkNanos(ASK_EVERY.toNanos());
  }

  private void read() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines.add(line);
      }
    } catch (IOException gone) {
      lines.add("its output broke: " + gone.getMessage());
    }
    lines.add("it has ended");
  }

  /** Where module {@code bench/debezium} was built, in the same way as this class was. */
  private static Path build() {
    Path own;
    try {
      own =
          Path.of(
              DebeziumProcess.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    for (Path folder = own; folder != null; folder = folder.getParent()) {
      if (folder.endsWith("target")) {
        Path target = folder.resolveSibling("debezium").resolve("target");
        Path build = own.startsWith(folder.resolve("fast")) ? target.resolve("fast") : target;
        if (Files.isDirectory(build.resolve("lib"))) {
          return build;
        }
        throw new IllegalStateException("not built: " + build);
      }
    }
    throw new IllegalStateException("not in a build: " + own);
  }
}
