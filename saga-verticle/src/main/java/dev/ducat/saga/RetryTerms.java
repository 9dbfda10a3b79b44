package dev.ducat.saga;

import java.time.Duration;

/**
 * How patient a saga is.
 *
 * @param again between attempts that certainly did nothing
 * @param attemptsMax such attempts before the step is given up
 * @param ask between questions about an unknown or pending operation
 * @param undo between attempts to undo
 * @param undoMax how long undoing is tried before a person is called
 * @param notSent before work that could not be sent is tried again; not counted
 */
public record RetryTerms(
    Backoff again, int attemptsMax, Backoff ask, Backoff undo, Duration undoMax, Duration notSent) {
  public RetryTerms {
    if (attemptsMax < 1) {
      throw new IllegalArgumentException("at least one attempt");
    }
  }

  /** Ten attempts within about a minute, a day of undoing. */
  public static RetryTerms defaults() {
    return new RetryTerms(
        new Backoff(Duration.ofMillis(100), Duration.ofSeconds(15)),
        10,
        new Backoff(Duration.ofMillis(250), Duration.ofSeconds(30)),
        new Backoff(Duration.ofMillis(200), Duration.ofMinutes(5)),
        Duration.ofHours(24),
        Duration.ofMillis(200));
  }
}
