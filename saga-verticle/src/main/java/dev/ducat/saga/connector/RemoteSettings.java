package dev.ducat.saga.connector;

import dev.ducat.proto.connector.v1.SettlementMode;
import java.time.Duration;

/**
 * How a {@code ConnectorService} elsewhere is called, and what it is taken to promise.
 *
 * @param callsMax calls that may be under way at once; more are refused
 * @param quarantine how long after a deadline an operation may still appear at the PSP; at least
 *     what the adapter says
 * @param idempotencyWindow how long the adapter remembers a key; at most what it says
 * @param authorizationLifetime how long an authorization holds; at most what it says
 * @param settlement when funds count as settled; as the adapter says
 * @param tombstonesVoid whether a void keeps a late authorize away; at most what the adapter says
 * @param breaker when it is left alone
 */
public record RemoteSettings(
    String host,
    int port,
    int callsMax,
    Duration quarantine,
    Duration idempotencyWindow,
    Duration authorizationLifetime,
    SettlementMode settlement,
    boolean tombstonesVoid,
    Breaker breaker) {

  /**
   * A connector whose calls mostly get no answer is left alone for a while.
   *
   * @param calls the last calls that are looked at; fewer decide nothing
   * @param failurePercent share of them without answer from which on it is left alone
   * @param pause how long; then a few calls try again
   */
  public record Breaker(int calls, int failurePercent, Duration pause) {
    /** Half of the last twenty calls; five seconds. */
    public static Breaker defaults() {
      return new Breaker(20, 50, Duration.ofSeconds(5));
    }
  }

  public RemoteSettings {
    if (port < 1 || callsMax < 1) {
      throw new IllegalArgumentException("a port, and at least one call at once");
    }
  }
}
