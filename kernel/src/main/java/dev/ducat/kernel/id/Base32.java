package dev.ducat.kernel.id;

import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Crockford's base32 of 128 bits, lower case, 26 digits: sorts like the bits, no i, l, o or u to
 * misread.
 */
final class Base32 {
  static final int LENGTH = 26;
  private static final char[] DIGITS = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();
  private static final byte[] VALUES = new byte[128];

  static {
    Arrays.fill(VALUES, (byte) -1);
    for (byte i = 0; i < DIGITS.length; i++) {
      VALUES[DIGITS[i]] = i;
    }
  }

  private Base32() {}

  static void append(StringBuilder out, UUID uuid) {
    long high = uuid.getMostSignificantBits();
    long low = uuid.getLeastSignificantBits();
    // 26 digits hold 130 bits: the first digit carries only the top three.
    for (int shift = 125; shift >= 0; shift -= 5) {
      long bits;
      if (shift >= 64) {
        bits = high >>> (shift - 64);
      } else if (shift > 59) {
        bits = (high << (64 - shift)) | (low >>> shift);
      } else {
        bits = low >>> shift;
      }
      out.append(DIGITS[(int) (bits & 31)]);
    }
  }

  /** The UUID, or null when the text is not exactly the canonical form. */
  static @Nullable UUID parse(String text, int from) {
    if (text.length() - from != LENGTH) {
      return null;
    }
    long high = 0;
    long low = 0;
    for (int i = from; i < text.length(); i++) {
      char digit = text.charAt(i);
      int value = digit < 128 ? VALUES[digit] : -1;
      if (value < 0 || (i == from && value > 7)) {
        return null;
      }
      high = (high << 5) | (low >>> 59);
      low = (low << 5) | value;
    }
    return new UUID(high, low);
  }
}
