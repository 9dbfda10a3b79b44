package dev.ducat.gateway;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How much may be going on at one time, over all event loops. Refusing at the door is what keeps
 * memory and waiting times bounded when more comes than can be done.
 */
final class InFlight {
  private final AtomicInteger now = new AtomicInteger();
  private final int max;

  InFlight(int max) {
    this.max = max;
  }

  /** For what must be answered however full the house is: health. */
  static InFlight unlimited() {
    return new InFlight(Integer.MAX_VALUE);
  }

  /** Takes a permit if there is one. */
  boolean tryAcquire() {
    if (now.incrementAndGet() <= max) {
      return true;
    }
    now.decrementAndGet();
    return false;
  }

  void release() {
    now.decrementAndGet();
  }

  int now() {
    return now.get();
  }
}
