package dev.ducat.launcher.demo;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** What the demo's audience sees. */
public final class Screen {
  private static final int WIDTH = 100;

  private final PrintWriter out;
  private final boolean terminal;

  /** Writes to {@code out}; a bar that moves is drawn on a terminal only. */
  public Screen(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Work that may fail in any way. */
  interface Work<T, E extends Exception> {
    T run() throws E;
  }

  void title() {
    line("");
    line("ducat demo: two nodes, many clients, one kill -9, and an audit at the end");
    line("");
  }

  void line(String text) {
    out.println(text);
    out.flush();
  }

  void heading(String text) {
    line("");
    line(text);
  }

  void table(Object table) {
    String.valueOf(table).lines().forEach(row -> line("  " + row));
  }

  /** Does something, and says what it was and how long it took. */
  <T, E extends Exception> T timed(String name, String what, Work<T, E> work) throws E {
    long start = System.nanoTime();
    T result = work.run();
    line(
        String.format(
            Locale.ROOT,
            "  %-10s %-56s %5.1f s",
            name,
            what,
            (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1)));
    return result;
  }

  void files(Path folder, boolean dataKept) {
    line("");
    if (dataKept) {
      line("The data of this run is kept: " + folder.resolve("data"));
    }
    line("Logs: " + folder.resolve("node-1.log") + ", " + folder.resolve("node-2.log"));
  }

  Progress progress(int all) {
    return new Progress(all);
  }

  /** A bar on a terminal, a line now and then elsewhere. */
  final class Progress implements AutoCloseable {
    private static final int LINES = 4;

    private final int all;
    private final @Nullable ProgressBar bar;
    private int told;

    private Progress(int all) {
      this.all = all;
      this.bar =
          terminal
              ? new ProgressBarBuilder()
                  .setTaskName("  paying")
                  .setInitialMax(all)
                  .setStyle(ProgressBarStyle.ASCII)
                  .setMaxRenderedLength(WIDTH)
                  .setUpdateIntervalMillis(100)
                  .setConsumer(new ConsoleProgressBarConsumer(System.err, WIDTH))
                  .build()
              : null;
    }

    void to(int done) {
      if (bar != null) {
        bar.stepTo(done);
      } else if (done * LINES / all > told) {
        told = done * LINES / all;
        line(String.format(Locale.ROOT, "  %-10s %d of %d", "paying", done, all));
      }
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
