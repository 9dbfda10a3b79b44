package dev.ducat.saga;

import java.time.Duration;

/**
 * Where the risk service is, and what is made of its silence.
 *
 * @param deadline how long a verdict may take
 * @param allowWhenSilent whether a payment without verdict is made; else it is declined
 * @param callsMax calls from one process that may be under way at once; a payment beyond them has
 *     no verdict
 */
public record RiskTerms(
    String host, int port, Duration deadline, boolean allowWhenSilent, int callsMax) {
  public RiskTerms {
    if (port < 1 || callsMax < 1 || deadline.toMillis() < 1) {
      throw new IllegalArgumentException("a port, a deadline, and at least one call at once");
    }
  }
}
