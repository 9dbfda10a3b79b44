package dev.ducat.saga;

import dev.ducat.proto.connector.v1.SettlementMode;
import java.time.Duration;

/**
 * What is agreed with a connector.
 *
 * @param deadline how long a call may go unanswered before it counts as unknown
 * @param quarantine how long after a call's deadline its operation may still appear at the PSP
 * @param idempotencyWindow how long the PSP remembers a key, so that sending it again does nothing
 *     twice
 * @param windowMargin how much earlier we stop sending a key again
 * @param authorizationLifetime how long an authorization holds where its PSP does not say
 * @param settlement when captured funds count as settled
 */
public record ConnectorTerms(
    Duration deadline,
    Duration quarantine,
    Duration idempotencyWindow,
    Duration windowMargin,
    Duration authorizationLifetime,
    SettlementMode settlement) {

  /** Terms with authorizations of seven days and settlement with the capture. */
  public ConnectorTerms(
      Duration deadline, Duration quarantine, Duration idempotencyWindow, Duration windowMargin) {
    this(
        deadline,
        quarantine,
        idempotencyWindow,
        windowMargin,
        Duration.ofDays(7),
        SettlementMode.SETTLEMENT_MODE_IMMEDIATE);
  }

  /**
   * The simulator answers from its journal at once and remembers every key for ever; a day is
   * plenty.
   */
  public static ConnectorTerms simulator() {
    return new ConnectorTerms(
        Duration.ofSeconds(5), Duration.ofSeconds(1), Duration.ofDays(1), Duration.ofHours(1));
  }
}
