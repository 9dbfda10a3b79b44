package dev.ducat.kernel.shard;

import java.time.Duration;

/**
 * Numbers of units, fixed at installation, and the times of leases.
 *
 * @param lease how long a lease lasts unless it is renewed; renewed at a third
 * @param margin how long before its end its owner stops trusting it: more than the clocks of two
 *     machines drift in a lease
 * @param drain how long a leaving owner waits for calls in flight
 */
public record ShardSettings(
    int shards, int ledgerLanes, int relaySlots, Duration lease, Duration margin, Duration drain) {

  public ShardSettings {
    atMost("shards", shards, 1024);
    atMost("ledger.lanes", ledgerLanes, 1024);
    atMost("relay.slots", relaySlots, 64);
    if (margin.multipliedBy(3).compareTo(lease) > 0) {
      throw new IllegalArgumentException("the lease margin may be at most a third of the lease");
    }
  }

  /** What DESIGN gives: 64 shards, 8 ledger lanes, 4 relay slots, 6 s. */
  public static ShardSettings defaults() {
    return new ShardSettings(
        64, 8, 4, Duration.ofSeconds(6), Duration.ofSeconds(1), Duration.ofSeconds(5));
  }

  /** Units of a kind. */
  public int units(UnitKind kind) {
    return switch (kind) {
      case PAYMENT_SHARD -> shards;
      case LEDGER_LANE -> ledgerLanes;
      case RELAY_SLOT -> relaySlots;
    };
  }

  private static void atMost(String name, int value, int max) {
    if (value < 1 || value > max) {
      throw new IllegalArgumentException(name + " must be 1 to " + max + ", is " + value);
    }
  }
}
