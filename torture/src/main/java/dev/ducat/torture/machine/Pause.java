package dev.ducat.torture.machine;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waits for time to pass, whatever wakes the thread up meanwhile. */
final class Pause {
  private Pause() {}

  static void of(Duration length) {
    until(System.nanoTime() + length.toNanos());
  }

  /** Waits until {@link System#nanoTime} has reached a moment. */
  static void until(long moment) {
    for (long left = moment - System.nanoTime(); left > 0; left = moment - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
