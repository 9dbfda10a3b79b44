package dev.ducat.kernel.shard;

import java.nio.charset.StandardCharsets;

/**
 * The kinds of leased units. The name is also the prefix of a unit's bus address and of its stream.
 */
public enum UnitKind {
  /** A share of all payments, by hash of (tenant, idempotency key). */
  PAYMENT_SHARD("payment.shard"),
  /** A share of all tenants' books, by hash of the tenant. */
  LEDGER_LANE("ledger.lane"),
  /** A share of all streams, for relaying; its own stream tells what operators asked of it. */
  RELAY_SLOT("relay.slot");

  private final String text;

  UnitKind(String text) {
    this.text = text;
  }

  /** For example {@code payment.shard}. */
  public String text() {
    return text;
  }

  /** Bus address and stream of a unit, for example {@code payment.shard.12}. */
  public String address(int unit) {
    return text + "." + unit;
  }

  /**
   * The unit that a sequence of texts belongs to: FNV-1a over their lengths and bytes, then a
   * finalizer that spreads. The result is written into payment ids and decides where books lie, so
   * it may never change.
   */
  public static int hash(int units, String... parts) {
    long hash = 0xcbf29ce484222325L;
    for (String part : parts) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      hash = (hash ^ bytes.length) * 0x100000001b3L;
      for (byte b : bytes) {
        hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
      }
    }
    hash ^= hash >>> 33;
    hash *= 0xff51afd7ed558ccdL;
    hash ^= hash >>> 33;
    return (int) Long.remainderUnsigned(hash, units);
  }
}
