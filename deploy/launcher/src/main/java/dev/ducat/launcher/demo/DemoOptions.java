package dev.ducat.launcher.demo;

import java.nio.file.Path;

/**
 * How the demo runs.
 *
 * @param payments how many keys are sent
 * @param clients how many at a time
 * @param seed chooses amounts, merchants and the order of kinds
 * @param folder for the services' data, which is deleted at the end, and for logs, which stay
 */
public record DemoOptions(int payments, int clients, long seed, Path folder) {
  public DemoOptions {
    if (payments < 1 || clients < 1) {
      throw new IllegalArgumentException("at least one payment and one client");
    }
  }
}
