package dev.ducat.gateway;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The header {@code grpc-timeout}: one to eight digits and a unit, {@code 250m}. */
final class GrpcTimeout {
  private static final int DIGITS_MAX = 8;

  /** Nothing useful can be begun and answered in less. */
  private static final long NANOS_MIN = 1_000_000;

  private GrpcTimeout() {}

  /**
   * How long the call may take.
   *
   * @param header as it came, or null
   * @param absent what applies without the header
   * @param max what is never exceeded
   * @throws ProblemException malformed when it is no timeout; deadline exceeded below 1 ms
   */
  static long nanos(@Nullable String header, Duration absent, Duration max) {
    if (header == null) {
      return absent.toNanos();
    }
    int digits = header.length() - 1;
    if (digits < 1 || digits > DIGITS_MAX) {
      throw malformed();
    }
    long value = 0;
    for (int i = 0; i < digits; i++) {
      char c = header.charAt(i);
      if (c < '0' || c > '9') {
        throw malformed();
      }
      value = value * 10 + (c - '0');
    }
    // The largest value, 99,999,999 hours, is some 3.6e20 ns: more than a long holds.
    long unit = unitNanos(header.charAt(digits));
    long nanos = value > Long.MAX_VALUE / unit ? Long.MAX_VALUE : value * unit;
    if (nanos < NANOS_MIN) {
      throw new Problem.DeadlineBeforeStart().asException();
    }
    return Math.min(nanos, max.toNanos());
  }

  private static long unitNanos(char unit) {
    return switch (unit) {
      case 'H' -> 3_600_000_000_000L;
      case 'M' -> 60_000_000_000L;
      case 'S' -> 1_000_000_000L;
      case 'm' -> 1_000_000L;
      case 'u' -> 1_000L;
      case 'n' -> 1L;
      default -> throw malformed();
    };
  }

  private static ProblemException malformed() {
    return new Problem.Malformed(
            "grpc-timeout must be 1 to 8 digits and one of the units H, M, S, m, u, n")
        .asException();
  }
}
