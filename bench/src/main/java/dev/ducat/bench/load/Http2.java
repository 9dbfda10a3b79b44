package dev.ducat.bench.load;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** The little of HTTP/2 (RFC 9113) and HPACK (RFC 7541) that a gRPC client writes. */
final class Http2 {
  static final byte DATA = 0;
  static final byte HEADERS = 1;
  static final byte RST_STREAM = 3;
  static final byte SETTINGS = 4;
  static final byte PING = 6;
  static final byte GOAWAY = 7;
  static final byte WINDOW_UPDATE = 8;

  static final int END_STREAM = 0x1;
  static final int ACK = 0x1;
  static final int END_HEADERS = 0x4;
  static final int PADDED = 0x8;
  static final int PRIORITY = 0x20;

  static final int FRAME_HEAD = 9;
  static final int PRIORITY_BYTES = 5;
  static final int FRAME_MAX = 16_384;
  static final int WINDOW_DEFAULT = 65_535;

  static final int SETTINGS_MAX_STREAMS = 3;
  static final int SETTINGS_INITIAL_WINDOW = 4;

  /** What one answer may have without our saying so: more than any answer here. */
  private static final int STREAM_WINDOW = 1 << 20;

  private static final int SETTINGS_ENABLE_PUSH = 2;

  private Http2() {}

  static void preface(ByteBuf out) {
    out.writeCharSequence("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", StandardCharsets.US_ASCII);
    head(out, 12, SETTINGS, 0, 0);
    out.writeShort(SETTINGS_ENABLE_PUSH).writeInt(0);
    out.writeShort(SETTINGS_INITIAL_WINDOW).writeInt(STREAM_WINDOW);
    windowUpdate(out, Integer.MAX_VALUE - WINDOW_DEFAULT);
  }

  static void head(ByteBuf out, int length, byte type, int flags, int stream) {
    out.writeMedium(length).writeByte(type).writeByte(flags).writeInt(stream);
  }

  static void windowUpdate(ByteBuf out, int bytes) {
    head(out, 4, WINDOW_UPDATE, 0, 0);
    out.writeInt(bytes);
  }

  /**
   * The header block of a connection's first call: its fields go into the server's dynamic table.
   */
  static void firstHeaders(ByteBuf out, String authority, String path) {
    commonHeaders(out);
    // Names by their number in the static table, values literal, with incremental indexing.
    literal(out, 4, path);
    literal(out, 1, authority);
    literal(out, 31, "application/grpc");
    out.writeByte(0x40);
    text(out, "te");
    text(out, "trailers");
  }

  /** The header block of every later call: nothing but numbers. */
  static void laterHeaders(ByteBuf out) {
    commonHeaders(out);
    for (int index = 65; index >= 62; index--) {
      out.writeByte(0x80 | index);
    }
  }

  private static void commonHeaders(ByteBuf out) {
    out.writeByte(0x83); // :method: POST
    out.writeByte(0x86); // :scheme: http
  }

  private static void literal(ByteBuf out, int name, String value) {
    out.writeByte(0x40 | name);
    text(out, value);
  }

  private static void text(ByteBuf out, String text) {
    if (text.length() > 126) {
      throw new IllegalArgumentException("too long for one byte of length: " + text);
    }
    out.writeByte(text.length());
    out.writeCharSequence(text, StandardCharsets.US_ASCII);
  }
}
