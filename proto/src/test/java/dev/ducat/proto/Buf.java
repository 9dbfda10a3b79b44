package dev.ducat.proto;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * buf, installed by npm from the pinned lock file into a folder of its own, so that the source tree
 * stays clean.
 *
 * @param home the folder it was installed into
 */
record Buf(Path home) {

  private static final int NODE_MAJOR_MIN = 20;
  private static final Pattern NODE_VERSION = Pattern.compile("v(\\d+)\\..*", Pattern.DOTALL);

  /** The first run downloads some 30 MB; all others take a second. */
  private static final Duration INSTALL_TIMEOUT = Duration.ofMinutes(4);

  private static final Duration RUN_TIMEOUT = Duration.ofMinutes(1);

  /**
   * What a program said and how it ended.
   *
   * @param exitCode 0 if it was content
   * @param output standard output and standard error, in the order they came
   */
  record Answer(int exitCode, String output) {}

  /** The major version of the `node` on the path, if there is one beside an npm. */
  static Optional<Integer> nodeMajor() {
    try {
      var version =
          NODE_VERSION.matcher(
              run(Path.of("."), RUN_TIMEOUT, List.of("node", "--version")).output());
      run(Path.of("."), RUN_TIMEOUT, List.of("npm", "--version"));
      return version.matches() ? Optional.of(Integer.valueOf(version.group(1))) : Optional.empty();
    } catch (UncheckedIOException notInstalled) {
      return Optional.empty();
    }
  }

  static boolean nodeIsThere() {
    return nodeMajor().filter(major -> major >= NODE_MAJOR_MIN).isPresent();
  }

  /**
   * Installs buf unless the same lock file is installed already.
   *
   * @param module the folder with package.json and package-lock.json
   * @param home where to install to
   * @throws IllegalStateException with npm's output if npm fails
   */
  static Buf install(Path module, Path home) throws IOException {
    var buf = new Buf(home);
    var lock = Files.readString(module.resolve("package-lock.json"));
    // Written last, so an installation that was interrupted is not taken for a whole one.
    var installed = home.resolve("installed-lock.json");
    if (Files.exists(installed) && Files.readString(installed).equals(lock)) {
      return buf;
    }
    Files.createDirectories(home);
    for (var file : List.of("package.json", "package-lock.json")) {
      Files.copy(module.resolve(file), home.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    // buf's install script only warms it up; nothing that is downloaded needs to run here.
    var npm =
        List.of("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline");
    var answer = run(home, INSTALL_TIMEOUT, npm);
    if (answer.exitCode() != 0) {
      throw new IllegalStateException("npm ci failed:\n" + answer.output());
    }
    Files.writeString(installed, lock);
    return buf;
  }

  /** Runs buf in a folder that holds a buf.yaml. */
  Answer in(Path folder, String... arguments) {
    var command = new ArrayList<String>();
    command.add(home.toAbsolutePath().resolve("node_modules/.bin/buf").toString());
    command.addAll(List.of(arguments));
    return run(folder, RUN_TIMEOUT, command);
  }

  private static Answer run(Path folder, Duration timeout, List<String> command) {
    try {
      // Into a file, not a pipe: a program that hangs must not hang the reader too.
      var output = Files.createTempFile("buf-", ".log");
      try {
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        var process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        process.getOutputStream().close();
        if (!process.waitFor(timeout.toSeconds(), TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new IllegalStateException(
              command + " took longer than " + timeout + ":\n" + Files.readString(output));
        }
        return new Answer(process.exitValue(), Files.readString(output));
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
