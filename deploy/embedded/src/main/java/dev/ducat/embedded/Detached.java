package dev.ducat.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Starts processes that do not hang on this JVM: in a session of their own, so that neither Ctrl-C
 * nor a closed terminal reaches them, and with no stream of ours held open.
 */
final class Detached {
  private static final Path SETSID = Path.of("/usr/bin/setsid");
  private static final Path PERL = Path.of("/usr/bin/perl");

  // Strong references: once the collector frees a Process, its pipe closes, and that is the guard's
  // signal to act.
  private static final Set<Process> GUARDS = ConcurrentHashMap.newKeySet();

  // The pipe ends when the JVM does, however it died. A frozen service is thawed, else it could not
  // obey.
  private static final String GUARD =
      """
      read -r _
      kids=$(cat "/proc/$1/task/$1/children" 2>/dev/null || pgrep -P "$1" 2>/dev/null)
      kill -s CONT "$1" $kids 2>/dev/null
      kill -s "$0" "$1" 2>/dev/null
      """;

  private Detached() {}

  /** Starts the command with both output streams going to the log; its pid is the command's own. */
  static Process start(List<String> command, Path workingFolder, Path log) throws IOException {
    return new ProcessBuilder(inOwnSession(command))
        .directory(workingFolder.toFile())
        .redirectErrorStream(true)
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  /** Sends the signal to the process as soon as this JVM has ended, even by SIGKILL. */
  static void bindToThisJvm(Process process, String signal) throws IOException {
    Process guard =
        new ProcessBuilder(
                inOwnSession(List.of("sh", "-c", GUARD, signal, Long.toString(process.pid()))))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    GUARDS.add(guard);
    // A guard must not outlive its process: the pid might be given to another one.
    var unused =
        process
            .onExit()
            .thenRun(
                () -> {
                  guard.destroyForcibly();
                  GUARDS.remove(guard);
                });
  }

  // Each of these replaces itself by the command, which thereby keeps the pid we were given.
  private static List<String> inOwnSession(List<String> command) {
    List<String> whole = new ArrayList<>();
    if (Files.isExecutable(SETSID)) {
      whole.add(SETSID.toString());
    } else if (Files.isExecutable(PERL)) {
      // macOS has no setsid command.
      whole.addAll(
          List.of(PERL.toString(), "-e", "use POSIX; POSIX::setsid(); exec { $ARGV[0] } @ARGV"));
    }
    whole.addAll(command);
    return whole;
  }
}
