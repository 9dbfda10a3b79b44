package dev.ducat.gateway;

import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Cuts the body of a call into messages: one byte that says whether it is compressed, four bytes of
 * length, then the message. Takes no compressed message and no long one, and decides both on the
 * prefix, before any byte of the message is kept.
 */
final class Deframer {
  private static final int PREFIX = 5;

  /** What is set aside for a message on the word of its prefix alone; the rest as it arrives. */
  private static final int FIRST_BYTES = 4_096;

  private final int bytesMax;
  private final Consumer<byte[]> messages;
  private final byte[] prefix = new byte[PREFIX];
  private int prefixFilled;
  private byte[] body = {};
  private int bodyFilled;
  private int bodyLength;

  /**
   * @param bytesMax the longest message
   * @param messages gets each complete message
   */
  Deframer(int bytesMax, Consumer<byte[]> messages) {
    this.bytesMax = bytesMax;
    this.messages = messages;
  }

  /**
   * Takes the next bytes.
   *
   * @throws ProblemException when a message is compressed, too long or marked in an unknown way
   */
  void feed(Buffer chunk) {
    int at = 0;
    int end = chunk.length();
    while (at < end) {
      if (prefixFilled < PREFIX) {
        int take = Math.min(PREFIX - prefixFilled, end - at);
        chunk.getBytes(at, at + take, prefix, prefixFilled);
        prefixFilled += take;
        at += take;
        if (prefixFilled < PREFIX) {
          return;
        }
        begin();
      }
      int take = Math.min(bodyLength - bodyFilled, end - at);
      if (take > 0) {
        if (bodyFilled + take > body.length) {
          body = Arrays.copyOf(body, Math.min(bodyLength, 2 * (bodyFilled + take)));
        }
        chunk.getBytes(at, at + take, body, bodyFilled);
        bodyFilled += take;
        at += take;
      }
      if (bodyFilled == bodyLength) {
        byte[] complete = body.length == bodyLength ? body : Arrays.copyOf(body, bodyLength);
        prefixFilled = 0;
        body = new byte[0];
        messages.accept(complete);
      }
    }
  }

  /** Whether the bytes so far end where a message ends. */
  boolean atBoundary() {
    return prefixFilled == 0;
  }

  private void begin() {
    switch (prefix[0]) {
      case 0 -> {}
      case 1 -> throw new Problem.EncodingNotSupported().asException();
      default -> throw new Problem.Malformed("a message begins with an unknown flag").asException();
    }
    long length =
        ((prefix[1] & 0xffL) << 24)
            | ((prefix[2] & 0xffL) << 16)
            | ((prefix[3] & 0xffL) << 8)
            | (prefix[4] & 0xffL);
    if (length > bytesMax) {
      throw new Problem.TooLarge(bytesMax).asException();
    }
    bodyLength = (int) length;
    bodyFilled = 0;
    body = new byte[Math.min(bodyLength, FIRST_BYTES)];
  }
}
