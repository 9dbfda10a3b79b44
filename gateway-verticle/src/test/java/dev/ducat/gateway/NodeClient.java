package dev.ducat.gateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The client of {@code src/test/node}, installed by npm from its lock file into a folder of its
 * own.
 *
 * @param home the folder it was installed into
 */
record NodeClient(Path home) {
  private static final int NODE_MAJOR_MIN = 20;
  private static final Pattern NODE_VERSION = Pattern.compile("v(\\d+)\\..*", Pattern.DOTALL);
  private static final long INSTALL_SECONDS_MAX = 240;
  private static final long RUN_SECONDS_MAX = 60;
  private static final List<String> FILES = List.of("package.json", "package-lock.json");

  /** What a program printed and how it ended. */
  record Output(int exitCode, String text) {}

  /** Whether node is on the path, new enough, with an npm beside it. */
  static boolean nodeIsThere() {
    return nodeMajor().filter(major -> major >= NODE_MAJOR_MIN).isPresent();
  }

  private static Optional<Integer> nodeMajor() {
    try {
      Path here = Path.of(".");
      Matcher version =
          NODE_VERSION.matcher(run(here, RUN_SECONDS_MAX, List.of("node", "--version")).text());
      run(here, RUN_SECONDS_MAX, List.of("npm", "--version"));
      return version.matches() ? Optional.of(Integer.valueOf(version.group(1))) : Optional.empty();
    } catch (UncheckedIOException notInstalled) {
      return Optional.empty();
    }
  }

  /** Installs what the lock file names, unless it is there already. */
  static NodeClient install(Path sources, Path home) throws IOException {
    String lock = Files.readString(sources.resolve("package-lock.json"));
    // Written last, so that an installation that was interrupted is not taken for a whole one.
    Path installed = home.resolve("installed-lock.json");
    Files.createDirectories(home);
    if (!Files.exists(installed) || !Files.readString(installed).equals(lock)) {
      for (String file : FILES) {
        copy(sources, home, file);
      }
      List<String> npm =
          List.of("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline");
      Output output = run(home, INSTALL_SECONDS_MAX, npm);
      if (output.exitCode() != 0) {
        throw new IllegalStateException("npm ci failed:\n" + output.text());
      }
      Files.writeString(installed, lock);
    }
    copy(sources, home, "client.js");
    return new NodeClient(home);
  }

  private static void copy(Path from, Path to, String file) throws IOException {
    Files.copy(from.resolve(file), to.resolve(file), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Runs the client. */
  Output call(String... arguments) {
    List<String> command = new ArrayList<>(List.of("node", "client.js"));
    command.addAll(List.of(arguments));
    return run(home, RUN_SECONDS_MAX, command);
  }

  private static Output run(Path folder, long secondsMax, List<String> command) {
    try {
      // Into a file, not a pipe: a program that hangs must not hang the reader too.
      Path output = Files.createTempFile("node-client-", ".log");
      try {
        Process process =
            new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(secondsMax, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new IllegalStateException(command + " hangs:\n" + Files.readString(output));
        }
        return new Output(process.exitValue(), Files.readString(output));
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(command + " was interrupted", e);
    }
  }
}
