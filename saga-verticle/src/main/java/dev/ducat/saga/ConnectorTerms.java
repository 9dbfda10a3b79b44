package dev.ducat.saga;

import dev.ducat.proto.connector.v1.SettlementMode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

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
 * @param actionTimeout how long a payment waits for its payer, or for the PSP to decide about its
 *     authorization, before it expires
 * @param tombstonesVoid whether a void keeps an authorize away that comes after it; without it, the
 *     PSP is asked once more
 * @param retry how patient its sagas are; null where they are as patient as all
 */
public record ConnectorTerms(
    Duration deadline,
    Duration quarantine,
    Duration idempotencyWindow,
    Duration windowMargin,
    Duration authorizationLifetime,
    SettlementMode settlement,
    Duration unknownMax,
    Duration actionTimeout,
    boolean tombstonesVoid,
    @Nullable RetryTerms retry) {

  private static final Duration UNKNOWN_MAX = Duration.ofDays(1);

  /** Bank debits take longer and say so; a payer who is away for an hour has given up. */
  private static final Duration ACTION_TIMEOUT = Duration.ofHours(1);

  /** Terms with an hour for what is pending, and nothing taken for granted of voids. */
  public ConnectorTerms(
      Duration deadline,
      Duration quarantine,
      Duration idempotencyWindow,
      Duration windowMargin,
      Duration authorizationLifetime,
      SettlementMode settlement,
      Duration unknownMax) {
    this(
        deadline,
        quarantine,
        idempotencyWindow,
        windowMargin,
        authorizationLifetime,
        settlement,
        unknownMax,
        ACTION_TIMEOUT,
        false,
        null);
  }

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
            Duration.ofSeconds(5), Duration.ofSeconds(1), Duration.ofDays(1), Duration.ofHours(1))
        .withTombstones(true);
  }

  /** The same with another time for what is pending. */
  public ConnectorTerms withActionTimeout(Duration timeout) {
    return new ConnectorTerms(
        deadline,
        quarantine,
        idempotencyWindow,
        windowMargin,
        authorizationLifetime,
        settlement,
        unknownMax,
        timeout,
        tombstonesVoid,
        retry);
  }

  /** The same with another promise about voids. */
  public ConnectorTerms withTombstones(boolean promised) {
    return new ConnectorTerms(
        deadline,
        quarantine,
        idempotencyWindow,
        windowMargin,
        authorizationLifetime,
        settlement,
        unknownMax,
        actionTimeout,
        promised,
        retry);
  }

  /** The same with sagas of a patience of their own. */
  public ConnectorTerms withRetry(RetryTerms patience) {
    return new ConnectorTerms(
        deadline,
        quarantine,
        idempotencyWindow,
        windowMargin,
        authorizationLifetime,
        settlement,
        unknownMax,
        actionTimeout,
        tombstonesVoid,
        patience);
  }

  /** From when on an operation that was sent now and did not appear is not coming any more. */
  Duration untilProven() {
    return deadline.plus(quarantine);
  }
}
