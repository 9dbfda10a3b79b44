package dev.ducat.gateway;

import java.util.regex.Pattern;

/**
 * Recognizes what looks like a card number: 13 to 19 digits with the right check digit (Luhn), in
 * one piece or parted by spaces or dashes the way cards print them: fours, or 4-6-5 and 4-6-4.
 *
 * <p>Three things that are common and no cards are let through, for else one key in ten or in some
 * hundred would be refused by chance: digits inside a hash or UUID (a hexadecimal word of 32 or
 * more), numbers that begin with 0, 1, 7, 8 or 9 (times in milliseconds, for one; payment cards
 * begin with 2 to 6, the major industry identifier of ISO/IEC 7812), and numbers put side by side
 * ({@code 450982447-00002}), which no card prints so.
 */
final class CardNumbers {
  private static final int DIGITS_MIN = 13;
  private static final int DIGITS_MAX = 19;
  private static final int HASH_CHARS_MIN = 32;
  private static final Pattern PRINTED = Pattern.compile("(4-){3,4}[1-4]|4-6-[45]");

  private CardNumbers() {}

  /** Whether {@code text} has something in it that looks like a card number. */
  static boolean isIn(String text) {
    if (text.length() < DIGITS_MIN) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      // A candidate begins where a group of digits begins.
      if (isDigit(text, i) && !isDigit(text, i - 1) && startsAt(text, i)) {
        return true;
      }
    }
    return false;
  }

  private static boolean startsAt(String text, int start) {
    int first = digit(text, start);
    if (first < 2 || first > 6) {
      return false;
    }
    int[] digits = new int[DIGITS_MAX];
    int count = 0;
    StringBuilder layout = new StringBuilder();
    int groupDigits = 0;
    int i = start;
    while (i < text.length() && count < DIGITS_MAX) {
      if (isDigit(text, i)) {
        digits[count++] = digit(text, i);
        groupDigits++;
        i++;
        boolean groupEnds = !isDigit(text, i);
        if (groupEnds
            && count >= DIGITS_MIN
            && isPrintedSo(layout.toString() + groupDigits, count)
            && luhn(digits, count)) {
          return !isInHash(text, start, i);
        }
      } else if (isSeparator(text.charAt(i)) && isDigit(text, i + 1)) {
        layout.append(groupDigits).append('-');
        groupDigits = 0;
        i++;
      } else {
        return false;
      }
    }
    return false;
  }

  /**
   * Whether cards print {@code count} digits in groups of these sizes: {@code 16}, {@code 4-6-5}.
   */
  private static boolean isPrintedSo(String layout, int count) {
    return layout.equals(Integer.toString(count)) || PRINTED.matcher(layout).matches();
  }

  private static boolean luhn(int[] digits, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
      int digit = digits[count - 1 - i];
      if (i % 2 == 1) {
        digit *= 2;
        if (digit > 9) {
          digit -= 9;
        }
      }
      sum += digit;
    }
    return sum % 10 == 0;
  }

  /** Whether the characters from {@code start} to {@code end} are part of a hash or UUID. */
  private static boolean isInHash(String text, int start, int end) {
    int from = start;
    while (from > 0 && isHexOrDash(text.charAt(from - 1))) {
      from--;
    }
    int to = end;
    while (to < text.length() && isHexOrDash(text.charAt(to))) {
      to++;
    }
    int hex = 0;
    boolean letters = false;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (c != '-') {
        hex++;
        letters |= c > '9';
      }
    }
    return letters && hex >= HASH_CHARS_MIN;
  }

  private static boolean isHexOrDash(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
  }

  private static boolean isSeparator(char c) {
    return c == ' ' || c == '-' || c == '\u00a0';
  }

  private static boolean isDigit(String text, int at) {
    return at >= 0 && at < text.length() && digit(text, at) >= 0;
  }

  /** Also the digits of other scripts: a card number is one in any. */
  private static int digit(String text, int at) {
    return Character.digit(text.charAt(at), 10);
  }
}
