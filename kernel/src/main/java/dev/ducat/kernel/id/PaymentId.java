package dev.ducat.kernel.id;

import java.util.Optional;
import java.util.UUID;

/**
 * The id of a payment. Ten of its random bits are its shard, so that a call naming a payment finds
 * the lane that owns it. The shard only routes: the whole id is always looked up, and a forged
 * shard finds nothing.
 */
public record PaymentId(UUID uuid) {
  /** Shards an id can name. */
  public static final int SHARDS_MAX = 1024;

  private static final long SHARD_BITS = SHARDS_MAX - 1;

  /** A new id for a payment of {@code shard}, from fresh random bits. */
  static PaymentId of(UUID random, int shard) {
    if (shard < 0 || shard >= SHARDS_MAX) {
      throw new IllegalArgumentException("shard " + shard);
    }
    long low = (random.getLeastSignificantBits() & ~SHARD_BITS) | shard;
    return new PaymentId(new UUID(random.getMostSignificantBits(), low));
  }

  /** Reads {@code pay_…}; empty when it is not a payment id. */
  public static Optional<PaymentId> parse(String text) {
    return IdKind.PAYMENT.parse(text).map(PaymentId::new);
  }

  /** The shard this payment was created in. */
  public int shard() {
    return (int) (uuid.getLeastSignificantBits() & SHARD_BITS);
  }

  /** For example {@code pay_01k…}. */
  public String text() {
    return IdKind.PAYMENT.text(uuid);
  }

  @Override
  public String toString() {
    return text();
  }
}
