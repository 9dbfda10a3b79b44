package dev.ducat.launcher.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "version", description = "Print the version.", mixinStandardHelpOptions = true)
final class VersionCommand implements Runnable, IVersionProvider {
  // Replaced by picocli.
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    for (String line : getVersion()) {
      out.println(line);
    }
    out.flush();
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      "ducat " + version(), "java " + Runtime.version() + " on " + System.getProperty("os.name")
    };
  }

  private static String version() {
    Properties built = new Properties();
    try (InputStream in = VersionCommand.class.getResourceAsStream("version.properties")) {
      built.load(Objects.requireNonNull(in));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return built.getProperty("version");
  }
}
