package dev.ducat.bench.load;

import java.time.Instant;

/** Wall-clock time as one number, so that processes of one machine can compare theirs. */
public final class Epoch {
  private static final long MICROS = 1_000_000;

  private Epoch() {}

  /** Microseconds since 1970. */
  public static long micros(Instant time) {
    return time.getEpochSecond() * MICROS + time.getNano() / 1_000;
  }
}
