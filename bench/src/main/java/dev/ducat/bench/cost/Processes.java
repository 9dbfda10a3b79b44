package dev.ducat.bench.cost;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What the system knows about processes. Some of it is to be had on Linux only. */
public final class Processes {
  /** Fields of {@code /proc/PID/stat} behind the name in parentheses. */
  private static final int USER_TICKS = 11;

  private static final int SYSTEM_TICKS = 12;

  /** The kernel's unit for both, on every platform that runs Java. */
  private static final long MICROS_PER_TICK = 10_000;

  private static final long BYTES_PER_KB = 1_024;

  private Processes() {}

  /** Processor time of a process and all below it. */
  static Duration cpu(long pid) {
    return ProcessHandle.of(pid).stream()
        .flatMap(root -> Stream.concat(Stream.of(root), root.descendants()))
        .map(one -> one.info().totalCpuDuration().orElse(Duration.ZERO))
        .reduce(Duration.ZERO, Duration::plus);
  }

  /** Memory of a process that is really in memory; empty where the system does not say. */
  public static OptionalLong residentBytes(long pid) {
    try {
      return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * BYTES_PER_KB)
          .findFirst();
    } catch (IOException notLinux) {
      return OptionalLong.empty();
    }
  }

  /** Processor time in microseconds by kind of thread; empty where the system does not say. */
  static Map<String, Long> threadMicros(long pid) {
    Map<String, Long> micros = new TreeMap<>();
    try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
      tasks.forEach(task -> add(micros, task));
    } catch (IOException notLinux) {
      return Map.of();
    }
    return micros;
  }

  private static void add(Map<String, Long> micros, Path task) {
    try {
      String line = Files.readString(task.resolve("stat"));
      int end = line.lastIndexOf(')');
      List<String> fields = List.of(line.substring(end + 2).split(" ", -1));
      long ticks =
          Long.parseLong(fields.get(USER_TICKS)) + Long.parseLong(fields.get(SYSTEM_TICKS));
      micros.merge(
          kind(line.substring(line.indexOf('(') + 1, end)), ticks * MICROS_PER_TICK, Long::sum);
    } catch (IOException ended) {
      // A thread that ends while it is looked at.
    }
  }

  /** The system cuts names of threads to fifteen characters; numbers tell siblings apart. */
  private static String kind(String name) {
    if (name.startsWith("vert.x-eventl")) {
      return "event loops";
    }
    if (name.startsWith("ForkJoinPool") || name.isBlank()) {
      return "lanes (virtual threads)";
    }
    if (name.contains("CompilerThre")) {
      return "JIT compiler";
    }
    if (name.startsWith("G1") || name.startsWith("GC ") || name.startsWith("VM ")) {
      return "garbage collector and VM";
    }
    if (name.startsWith("kafka-pro")) {
      return "Kafka producers";
    }
    return name.replaceAll("[-#]?\\d+.*$", "").strip();
  }
}
