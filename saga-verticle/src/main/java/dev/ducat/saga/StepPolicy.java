package dev.ducat.saga;

import java.time.Duration;

/**
 * How often a step is tried whose attempts certainly did nothing. What may have happened is not
 * tried again but asked about, for as long as {@link ConnectorTerms#unknownMax} says.
 *
 * @param pause between attempts
 * @param attemptsMax attempts before the step is given up
 * @param timeout from the first attempt on; none begins after it
 */
public record StepPolicy(Backoff pause, int attemptsMax, Duration timeout) {
  public StepPolicy {
    if (attemptsMax < 1 || timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException(attemptsMax + " attempts within " + timeout);
    }
  }
}
