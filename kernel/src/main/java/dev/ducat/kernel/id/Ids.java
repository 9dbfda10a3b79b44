package dev.ducat.kernel.id;

import com.github.f4b6a3.uuid.factory.standard.TimeOrderedEpochFactory;
import dev.ducat.kernel.time.Clock;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * Makes ids: new ones in time order (UUIDv7), and derived ones that come out the same for the same
 * cause.
 */
public final class Ids {
  private static final ThreadLocal<MessageDigest> SHA_256 = ThreadLocal.withInitial(Ids::sha256);

  /** The 48 bits of a UUIDv7 that hold its time. */
  private static final long TIME = 0xFFFF_FFFF_FFFF_0000L;

  private final TimeOrderedEpochFactory factory;

  public Ids(Clock clock) {
    this.factory =
        TimeOrderedEpochFactory.builder()
            .withTimeFunction(() -> clock.now().toEpochMilli())
            .build();
  }

  /** A new UUIDv7. */
  public UUID next() {
    return factory.create();
  }

  /** A new payment id that routes to {@code shard}. */
  public PaymentId nextPayment(int shard) {
    return PaymentId.of(factory.create(), shard);
  }

  /**
   * The id of an effect, derived from what causes it: asking for the same effect twice names it the
   * same, so the one who executes it can do it once. UUIDv8 from SHA-256 over the cause and a label
   * such as {@code authorize/hold}; it begins with the cause's time, so that the effects of one
   * cause, and of causes of one moment, stand together in an index.
   */
  public static UUID derive(UUID cause, String label) {
    MessageDigest digest = SHA_256.get();
    digest.update(
        ByteBuffer.allocate(16)
            .putLong(cause.getMostSignificantBits())
            .putLong(cause.getLeastSignificantBits())
            .flip());
    ByteBuffer hash = ByteBuffer.wrap(digest.digest(label.getBytes(StandardCharsets.UTF_8)));
    long high = (cause.getMostSignificantBits() & TIME) | 0x8000L | (hash.getLong() & 0xFFFL);
    long low = (hash.getLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
