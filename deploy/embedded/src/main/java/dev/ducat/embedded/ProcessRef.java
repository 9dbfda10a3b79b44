package dev.ducat.embedded;

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
import java.util.stream.Stream;

/**
 * One particular process of this machine, by pid and start mark. The start mark tells it from a
 * later process that got the same pid, so a stale file never leads to killing a stranger.
 */
record ProcessRef(long pid, String started) {
  private static final Path PROC = Path.of("/proc");
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long SIGNAL_LIMIT_S = 10;

  // Counted from the closing parenthesis of /proc/<pid>/stat, because the command before it may
  // contain anything.
  private static final int STAT_STATE = 0;
  private static final int STAT_START_TICKS = 19;

  static Optional<ProcessRef> of(long pid) {
    return startMark(pid).map(mark -> new ProcessRef(pid, mark));
  }

  static ProcessRef self() {
    long pid = ProcessHandle.current().pid();
    return of(pid)
        .orElseThrow(() -> new EmbeddedServiceException("this process cannot see itself"));
  }

  boolean alive() {
    return startMark(pid).map(started::equals).orElse(false);
  }

  /** This process and everything below it, itself first. */
  List<ProcessRef> tree() {
    if (!alive()) {
      return List.of();
    }
    List<ProcessRef> tree = new ArrayList<>(List.of(this));
    ProcessHandle.of(pid).stream()
        .flatMap(ProcessHandle::descendants)
        .map(child -> of(child.pid()))
        .flatMap(Optional::stream)
        .forEach(tree::add);
    return tree;
  }

  /** Freezes the whole tree. The parent first, so that it starts no child behind our back. */
  void pause() {
    signal("STOP", List.of(this));
    signal("STOP", tree());
  }

  void resume() {
    signal("CONT", tree().reversed());
  }

  void signal(String name) {
    signal(name, List.of(this));
  }

  /** Ends the whole tree at once, as a power cut would, and returns when nothing of it is left. */
  void kill(Duration limit) {
    pause();
    List<ProcessRef> tree = tree();
    signal("KILL", tree);
    if (!awaitEnd(tree, limit)) {
      throw new EmbeddedServiceException("process " + pid + " did not die within " + limit);
    }
  }

  /** Waits until each of them has ended; false when the limit passed first. */
  static boolean awaitEnd(List<ProcessRef> processes, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (processes.stream().anyMatch(ProcessRef::alive)) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      LockSupport.parkNanos(POLL_NS);
    }
    return true;
  }

  private static void signal(String name, List<ProcessRef> processes) {
    List<String> command = new ArrayList<>(List.of("sh", "-c", "kill -s \"$0\" \"$@\"", name));
    processes.stream()
        .filter(ProcessRef::alive)
        .map(p -> Long.toString(p.pid))
        .forEach(command::add);
    if (command.size() == 4) {
      return;
    }
    try {
      // A process that ended a moment ago makes kill complain, and that is fine: it is what the
      // caller wanted.
      new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor(SIGNAL_LIMIT_S, TimeUnit.SECONDS);
    } catch (IOException e) {
      throw new EmbeddedServiceException("cannot run sh to send SIG" + name, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedServiceException("interrupted while sending SIG" + name, e);
    }
  }

  /**
   * Empty for a process that is gone, or that has ended and only waits for its parent to notice.
   */
  private static Optional<String> startMark(long pid) {
    if (!Files.isReadable(BOOT_ID)) {
      return ProcessHandle.of(pid)
          .filter(ProcessHandle::isAlive)
          .flatMap(process -> process.info().startInstant())
          .map(instant -> Long.toString(instant.toEpochMilli()));
    }
    Path process = PROC.resolve(Long.toString(pid));
    try {
      // Ticks since boot do not move with the wall clock, unlike ProcessHandle's start instant on
      // Linux.
      String line = Files.readString(process.resolve("stat"));
      String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
      return hasEnded(process, fields[STAT_STATE])
          ? Optional.empty()
          : Optional.of(Files.readString(BOOT_ID).strip() + "/" + fields[STAT_START_TICKS]);
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }

  /**
   * The state is that of the first thread; while others are still ending, ports and files stay
   * taken.
   */
  private static boolean hasEnded(Path process, String state) throws IOException {
    if (state.equals("X")) {
      return true;
    }
    if (!state.equals("Z")) {
      return false;
    }
    try (Stream<Path> threads = Files.list(process.resolve("task"))) {
      return threads.count() <= 1;
    }
  }

  /** One line: pid and start mark. */
  String toLine() {
    return pid + " " + started;
  }

  static Optional<ProcessRef> fromLine(String line) {
    String[] parts = line.strip().split(" ", -1);
    try {
      return parts.length == 2
          ? Optional.of(new ProcessRef(Long.parseLong(parts[0]), parts[1]))
          : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}
