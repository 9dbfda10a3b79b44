package dev.ducat.gateway;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much may be going on at one time, over all event loops: calls, and the bytes of their bodies.
 * Refusing at the door is what keeps memory and waiting times bounded when more comes than can be
 * done, or is taken away more slowly than it is answered.
 */
final class InFlight {
  /** A small part of a small heap, and some thousand ordinary requests of it. */
  static final long BYTES_MAX = 64L * 1024 * 1024;

  private final AtomicInteger now = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
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
    if (now.incrementAndGet() <= max && bytes.get() < BYTES_MAX) {
      return true;
    }
    now.decrementAndGet();
    return false;
  }

  /** Counts bytes that a call with a permit holds in memory; false when that is too much. */
  boolean tryHold(int more) {
    return bytes.addAndGet(more) <= BYTES_MAX;
  }

  /** Gives back a permit and all bytes that were counted with it. */
  void release(long held) {
    bytes.addAndGet(-held);
    now.decrementAndGet();
  }

  int now() {
    return now.get();
  }
}
