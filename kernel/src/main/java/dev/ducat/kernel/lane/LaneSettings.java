package dev.ducat.kernel.lane;

import java.time.Duration;

/**
 * Limits of one lane.
 *
 * @param mailboxMax client messages that may wait; more are refused
 * @param batchMax messages decided and committed together, by their {@link LaneActor#weight}
 * @param commitMax how long a transaction may go unanswered before its outcome counts as unknown
 */
public record LaneSettings(int mailboxMax, int batchMax, Duration commitMax) {
  public LaneSettings {
    if (mailboxMax < 1 || batchMax < 1) {
      throw new IllegalArgumentException("a lane takes at least one message");
    }
  }

  /**
   * 8,192 waiting messages are about half a second of work; a batch of 1,000 keeps a transaction
   * near 10 ms; 4 s of silence are more than the server itself allows a transaction, and less than
   * a lease.
   */
  public static LaneSettings defaults() {
    return new LaneSettings(8_192, 1_000, Duration.ofSeconds(4));
  }
}
