package dev.ducat.launcher.cli;

import java.io.PrintWriter;
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
    // Written by the build into the jar's manifest; classes that run from a folder have none.
    String version = VersionCommand.class.getPackage().getImplementationVersion();
    return new String[] {
      "ducat " + (version == null ? "development" : version),
      "java " + Runtime.version() + " on " + System.getProperty("os.name")
    };
  }
}
