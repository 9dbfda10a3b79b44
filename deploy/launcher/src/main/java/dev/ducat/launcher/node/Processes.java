package dev.ducat.launcher.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which processes live. */
public final class Processes {
  private Processes() {}

  /**
   * Whether a process runs. One that has ended and only waits for its parent to notice does not.
   */
  public static boolean isAlive(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false) && !hasEnded(pid);
  }

  // In containers nobody may ever notice, and to ProcessHandle such a process lives for ever.
  private static boolean hasEnded(long pid) {
    try {
      String line = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      // The state follows the command, which stands in parentheses and may contain anything.
      char state = line.charAt(line.lastIndexOf(')') + 2);
      return state == 'Z' || state == 'X';
    } catch (IOException noSuchFolder) {
      // Not Linux: nothing more is known.
      return false;
    }
  }
}
