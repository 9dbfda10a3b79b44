package dev.ducat.saga;

import com.google.protobuf.Message;
import dev.ducat.saga.PaymentQueryStore.Position;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * The opaque token of a page: where it begins, bound to tenant and filter. A token of another list,
 * or one that was changed, is not read at all. It grants nothing: every query is scoped by the
 * caller's own tenant.
 */
final class PageToken {
  private static final int POSITION = 8 + 4 + 16;
  private static final int SEAL = 8;

  private PageToken() {}

  static String of(String tenant, Message list, Position position) {
    Instant time = position.createTime();
    byte[] bytes =
        ByteBuffer.allocate(POSITION)
            .putLong(time.getEpochSecond())
            .putInt(time.getNano())
            .putLong(position.paymentId().getMostSignificantBits())
            .putLong(position.paymentId().getLeastSignificantBits())
            .array();
    byte[] token = Arrays.copyOf(bytes, POSITION + SEAL);
    System.arraycopy(seal(tenant, list, bytes), 0, token, POSITION, SEAL);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(token);
  }

  /** Reads a token; empty when it is not one of this list. */
  static Optional<Position> parse(String token, String tenant, Message list) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(token);
    } catch (IllegalArgumentException foreign) {
      return Optional.empty();
    }
    if (bytes.length != POSITION + SEAL) {
      return Optional.empty();
    }
    byte[] position = Arrays.copyOf(bytes, POSITION);
    byte[] seal = Arrays.copyOfRange(bytes, POSITION, bytes.length);
    if (!MessageDigest.isEqual(seal, seal(tenant, list, position))) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(position);
    Instant createTime = Instant.ofEpochSecond(in.getLong(), in.getInt());
    return Optional.of(new Position(createTime, new UUID(in.getLong(), in.getLong())));
  }

  private static byte[] seal(String tenant, Message list, byte[] position) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update("ducat.page.v1".getBytes(StandardCharsets.UTF_8));
      byte[] name = tenant.getBytes(StandardCharsets.UTF_8);
      digest.update(ByteBuffer.allocate(4).putInt(name.length).flip());
      digest.update(name);
      digest.update(position);
      return Arrays.copyOf(digest.digest(list.toByteArray()), SEAL);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
