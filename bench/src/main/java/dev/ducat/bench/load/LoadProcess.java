package dev.ducat.bench.load;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs a plan in a process of its own. */
public final class LoadProcess implements AutoCloseable {
  private final Process process;

  private LoadProcess(Process process) {
    this.process = process;
  }

  /** Starts the load and returns at once. */
  public static LoadProcess start(LoadPlan plan) {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx192m",
            "-Xms192m",
            "-XX:+UseSerialGC",
            // The second compiler would cost the machine more than its code saves here.
            "-XX:TieredStopAtLevel=1",
            "-XX:+AlwaysPreTouch",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            LoadMain.class.getName(),
            plan.json());
    try {
      return new LoadProcess(
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    } catch (IOException failed) {
      throw new UncheckedIOException("the load process does not start", failed);
    }
  }

  public long pid() {
    return process.pid();
  }

  /**
   * Follows the load to its end.
   *
   * @param each gets every report on the way
   */
  public LoadResult await(Consumer<Progress> each) {
    @Nullable LoadResult result = null;
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonObject json = new JsonObject(line);
        if (json.containsKey("latencyMicros")) {
          result = LoadResult.parse(json);
        } else {
          each.accept(Progress.parse(json));
        }
      }
    } catch (IOException broken) {
      throw new UncheckedIOException("the load process was cut off", broken);
    }
    if (result == null) {
      throw new IllegalStateException("the load process ended without an account");
    }
    return result;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
