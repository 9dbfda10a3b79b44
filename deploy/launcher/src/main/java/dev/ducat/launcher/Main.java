package dev.ducat.launcher;

import dev.ducat.launcher.cli.Ducat;

/** The program. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.exit(Ducat.commandLine().execute(args));
  }
}
