package dev.ducat.torture;

import java.util.concurrent.TimeUnit;

/** How long things took, for the lines that a scenario prints. */
final class Timing {
  private Timing() {}

  /** Milliseconds since a moment of {@link System#nanoTime}. */
  static long since(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }
}
