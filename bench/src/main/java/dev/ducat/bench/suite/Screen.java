package dev.ducat.bench.suite;

import dev.ducat.bench.load.Progress;
import java.io.PrintStream;
import java.util.Locale;

/** What a person sees while it runs: one moving line on a terminal, plain lines elsewhere. */
final class Screen {
  private static final int WIDTH = 100;

  private final PrintStream out;
  private final boolean terminal;
  private String doing = "";

  Screen(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** A line that stays. */
  void say(String line) {
    clear();
    out.println(line);
    out.flush();
  }

  /** What the next reports are about. */
  void doing(String what) {
    doing = what;
    if (terminal) {
      show(what);
    }
  }

  /** A report of a run; gone with the next on a terminal, and not shown elsewhere. */
  void progress(Progress progress) {
    if (terminal) {
      show(
          String.format(
              Locale.ROOT,
              "%s: %2.0f s, %,.0f/s, p50 %.1f ms, p99 %.1f ms%s",
              doing,
              progress.seconds(),
              progress.perSecond(),
              progress.p50Micros() / 1e3,
              progress.p99Micros() / 1e3,
              progress.bad() == 0 ? "" : ", " + progress.bad() + " errors"));
    }
  }

  private void show(String line) {
    out.printf("\r%-" + WIDTH + "s", line.length() > WIDTH ? line.substring(0, WIDTH) : line);
    out.flush();
  }

  private void clear() {
    if (terminal) {
      out.printf("\r%" + WIDTH + "s\r", "");
    }
  }
}
