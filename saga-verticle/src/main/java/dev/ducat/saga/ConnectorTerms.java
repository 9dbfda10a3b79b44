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
 * @param unknownMax how long an operation may stay unknown before a person is called
 */
public record ConnectorTerms(
    Duration deadline,
    Duration quarantine,
    Duration idempotencyWindow,
    Duration windowMargin,
    Duration authorizationLifetime,
    SettlementMode settlement,
    Duration unknownMax) {

  private static final Duration UNKNOWN_MAX = Duration.ofDays(1);

  /** Terms with authorizations of seven days, settlement with the capture, and a day of asking. */
  public ConnectorTerms(
      Duration deadline, Duration quarantine, Duration idempotencyWindow, Duration windowMargin) {
    this(
        deadline,
        quarantine,
        idempotencyWindow,
        windowMargin,
        Duration.ofDays(7),
        SettlementMode.SETTLEMENT_MODE_IMMEDIATE,
        UNKNOWN_MAX);
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
