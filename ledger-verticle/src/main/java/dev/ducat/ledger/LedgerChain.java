package dev.ducat.ledger;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * The hash chain of a ledger lane: each transfer's hash covers its content and the hash before it,
 * so that no row can be changed, added, removed or moved without all later hashes being wrong.
 * Keyed, so that they cannot be made right again. For one thread.
 */
final class LedgerChain {
  static final String ALGORITHM = "HmacSHA256";
  static final int LENGTH = 32;

  /** Every text at its longest in UTF-8, and room for the numbers. */
  private static final int CONTENT_MAX = 8_192;

  private static final byte[] BEGINNING = new byte[LENGTH];

  private final Mac mac;
  private final ByteBuffer content = ByteBuffer.allocate(CONTENT_MAX);

  LedgerChain(SecretKey key) {
    try {
      mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  /**
   * The hash of a transfer.
   *
   * @param previous the hash of the lane's transfer before it; null for the first
   */
  byte[] link(byte @Nullable [] previous, BookedTransfer transfer) {
    content.clear();
    content.put(previous == null ? BEGINNING : previous);
    put(transfer.tenant());
    put(transfer.id());
    content.put((byte) transfer.kind().getNumber());
    put(transfer.debit());
    put(transfer.credit());
    content.putLong(transfer.amount());
    put(transfer.currency());
    put(transfer.holdId());
    content.put((byte) (transfer.linked() ? 1 : 0)).put((byte) (transfer.keepRemainder() ? 1 : 0));
    put(transfer.remainderId());
    put(transfer.reference());
    put(transfer.description());
    put(transfer.expiresAt());
    put(transfer.bookedAt());
    mac.update(content.array(), 0, content.position());
    return mac.doFinal();
  }

  private void put(BookedTransfer.Side side) {
    put(side.accountId());
    content
        .putLong(side.after().debitsPosted())
        .putLong(side.after().creditsPosted())
        .putLong(side.after().debitsPending())
        .putLong(side.after().creditsPending())
        .putLong(side.after().version());
  }

  /** With its length, so that no two sequences of texts look alike. */
  private void put(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    content.putInt(bytes.length).put(bytes);
  }

  private void put(@Nullable UUID id) {
    content.put((byte) (id == null ? 0 : 1));
    if (id != null) {
      content.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    }
  }

  private void put(@Nullable Instant time) {
    content.put((byte) (time == null ? 0 : 1));
    if (time != null) {
      content.putLong(time.getEpochSecond()).putInt(time.getNano());
    }
  }
}
