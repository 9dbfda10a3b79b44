package dev.ducat.bench.load;

import java.nio.charset.StandardCharsets;

/** A message whose text fields of fixed length are written over in place. */
final class Template {
  private static final int RADIX_BITS = 4;

  final byte[] bytes;

  Template(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Where {@code text} stands; it must stand there once. */
  int find(String text) {
    return find(text, 0);
  }

  int find(String text, int from) {
    byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
    for (int at = from; at + wanted.length <= bytes.length; at++) {
      int same = 0;
      while (same < wanted.length && bytes[at + same] == wanted[same]) {
        same++;
      }
      if (same == wanted.length) {
        return at;
      }
    }
    throw new IllegalArgumentException("not in the message: " + text);
  }

  /**
   * Writes a number in letters a to p, lowest digit last: nothing that looks like a card number.
   */
  void letters(int at, int count, long number) {
    long rest = number;
    for (int i = at + count - 1; i >= at; i--) {
      bytes[i] = (byte) ('a' + (rest & ((1 << RADIX_BITS) - 1)));
      rest >>>= RADIX_BITS;
    }
  }
}
