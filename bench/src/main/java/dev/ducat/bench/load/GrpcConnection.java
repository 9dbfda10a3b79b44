package dev.ducat.bench.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 connection that makes unary gRPC calls and nothing else. It writes and reads frames by
 * hand: the machine's cores belong to what is measured, and a general client costs three times as
 * much. Only its event loop touches it.
 */
final class GrpcConnection extends ChannelInboundHandlerAdapter {
  /** What becomes of calls. */
  interface Listener {
    /** The connection takes calls. */
    void opened(GrpcConnection connection);

    /**
     * A call has ended.
     *
     * @param due as given to {@link #call}
     * @param status gRPC's, or {@link #BROKEN}
     * @param outcome what the requests read out of the answer
     */
    void ended(GrpcConnection connection, long due, int status, int outcome);

    /** There may be room again. */
    void room(GrpcConnection connection);

    /** The connection is gone, and with it every call that had not ended. */
    void lost(GrpcConnection connection, int unanswered, String why);
  }

  /** A call whose stream was reset, or that was answered with no status. */
  static final int BROKEN = 17;

  /** Streams are remembered in a ring; a call that outlives this many others is a defect. */
  private static final int RING = 1 << 16;

  private static final int REPLENISH = 1 << 29;

  private final Requests requests;
  private final String authority;
  private final Listener listener;
  private final DefaultHttp2HeadersDecoder headers = new DefaultHttp2HeadersDecoder(false);

  // By stream: when it was due (0 = no such call), and what its answer said so far.
  private final long[] due = new long[RING];
  private final byte[] outcomes = new byte[RING];

  private @Nullable ChannelHandlerContext context;
  private @Nullable ByteBuf input;
  private @Nullable ByteBuf output;
  private int nextStream = 1;
  private int open;
  private int owed;
  private int openMax = 100;
  private long window = Http2.WINDOW_DEFAULT;
  private long unreported;
  private boolean ready;
  private boolean leaving;

  GrpcConnection(Requests requests, String authority, Listener listener) {
    this.requests = requests;
    this.authority = authority;
    this.listener = listener;
  }

  /** One more call is to be sent here as soon as there is room. */
  void owe() {
    owed++;
  }

  /** Takes one owed call back, if there is one and room for it. */
  boolean pay() {
    if (owed == 0 || !hasRoom()) {
      return false;
    }
    owed--;
    return true;
  }

  /** Whether one more call may be sent now. */
  boolean hasRoom() {
    return ready
        && !leaving
        && open < openMax
        && window >= requests.length() + 5
        && due[ring(nextStream)] == 0;
  }

  /** Sends call {@code number}; goes out with the next {@link #flush}. */
  void call(long number, long dueNanos) {
    ByteBuf out = out();
    int stream = nextStream;
    nextStream += 2;
    due[ring(stream)] = dueNanos;
    outcomes[ring(stream)] = 0;
    open++;
    int length = requests.length() + 5;
    window -= length;
    int head = out.writerIndex();
    Http2.head(out, 0, Http2.HEADERS, Http2.END_HEADERS, stream);
    if (stream == 1) {
      Http2.firstHeaders(out, authority, requests.path());
    } else {
      Http2.laterHeaders(out);
    }
    out.setMedium(head, out.writerIndex() - head - Http2.FRAME_HEAD);
    if (length > Http2.FRAME_MAX) {
      throw new IllegalStateException("a message of " + length + " bytes needs several frames");
    }
    Http2.head(out, length, Http2.DATA, Http2.END_STREAM, stream);
    out.writeByte(0).writeInt(requests.length());
    requests.write(number, out);
  }

  void flush() {
    ByteBuf out = output;
    ChannelHandlerContext there = context;
    if (out != null && there != null) {
      output = null;
      // A write that fails breaks the connection, and that is noticed.
      var unused = there.writeAndFlush(out, there.voidPromise());
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext opened) {
    context = opened;
    Http2.preface(out());
    flush();
  }

  @Override
  public void channelRead(ChannelHandlerContext there, Object read) throws Http2Exception {
    ByteBuf bytes = (ByteBuf) read;
    ByteBuf rest = input;
    if (rest != null) {
      rest.writeBytes(bytes);
      bytes.release();
      bytes = rest;
      input = null;
    }
    while (bytes.readableBytes() >= Http2.FRAME_HEAD) {
      int length = bytes.getUnsignedMedium(bytes.readerIndex());
      if (bytes.readableBytes() < Http2.FRAME_HEAD + length) {
        break;
      }
      bytes.skipBytes(3);
      byte type = bytes.readByte();
      int flags = bytes.readUnsignedByte();
      int stream = bytes.readInt() & Integer.MAX_VALUE;
      int end = bytes.readerIndex() + length;
      frame(type, flags, stream, bytes, length);
      bytes.readerIndex(end);
    }
    if (bytes.isReadable()) {
      // Copied, for the event loop's buffer has no room for what is still to come.
      ByteBuf kept = there.alloc().buffer(Math.max(2 * bytes.readableBytes(), Http2.FRAME_MAX * 2));
      kept.writeBytes(bytes);
      input = kept;
    }
    bytes.release();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext there) {
    flush();
  }

  @Override
  public void channelInactive(ChannelHandlerContext there) {
    lost("the server closed the connection");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext there, Throwable failure) {
    lost(String.valueOf(failure));
    var unused = there.close();
  }

  private void frame(byte type, int flags, int stream, ByteBuf bytes, int length)
      throws Http2Exception {
    switch (type) {
      case Http2.DATA -> data(flags, stream, bytes, length);
      case Http2.HEADERS -> headers(flags, stream, bytes, length);
      case Http2.RST_STREAM -> end(stream, BROKEN);
      case Http2.SETTINGS -> settings(flags, bytes, length);
      case Http2.PING -> {
        if ((flags & Http2.ACK) == 0) {
          Http2.head(out(), length, Http2.PING, Http2.ACK, 0);
          out().writeBytes(bytes, length);
        }
      }
      case Http2.GOAWAY -> leaving = true;
      case Http2.WINDOW_UPDATE -> {
        if (stream == 0) {
          window += bytes.readInt() & Integer.MAX_VALUE;
          listener.room(this);
        }
      }
      default -> {
        // Whatever else there is, clients may ignore.
      }
    }
  }

  private void data(int flags, int stream, ByteBuf bytes, int length) {
    int at = ring(stream);
    if (length > 5 && outcomes[at] == 0 && (flags & Http2.PADDED) == 0) {
      outcomes[at] = (byte) requests.outcome(bytes, bytes.readerIndex() + 5, length - 5);
    }
    unreported += length;
    if (unreported > REPLENISH) {
      Http2.windowUpdate(out(), (int) unreported);
      unreported = 0;
    }
    if ((flags & Http2.END_STREAM) != 0) {
      end(stream, BROKEN);
    }
  }

  private void headers(int flags, int stream, ByteBuf bytes, int length) throws Http2Exception {
    if ((flags & Http2.END_HEADERS) == 0 || (flags & Http2.PADDED) != 0) {
      throw new IllegalStateException("a kind of HEADERS frame that is not expected: " + flags);
    }
    int block = length;
    if ((flags & Http2.PRIORITY) != 0) {
      bytes.skipBytes(Http2.PRIORITY_BYTES);
      block -= Http2.PRIORITY_BYTES;
    }
    Http2Headers fields = headers.decodeHeaders(stream, bytes.readSlice(block));
    if ((flags & Http2.END_STREAM) != 0) {
      CharSequence status = fields.get("grpc-status");
      end(stream, status == null ? BROKEN : number(status));
    }
  }

  private static int number(CharSequence digits) {
    int number = 0;
    for (int i = 0; i < digits.length(); i++) {
      number = 10 * number + digits.charAt(i) - '0';
    }
    return Math.min(number, BROKEN);
  }

  private void settings(int flags, ByteBuf bytes, int length) {
    if ((flags & Http2.ACK) != 0) {
      return;
    }
    for (int read = 0; read < length; read += 6) {
      int name = bytes.readUnsignedShort();
      long value = bytes.readUnsignedInt();
      if (name == Http2.SETTINGS_MAX_STREAMS) {
        openMax = (int) Math.min(value, RING / 2);
      } else if (name == Http2.SETTINGS_INITIAL_WINDOW && value < requests.length() + 5) {
        throw new IllegalStateException("a message does not fit the window of a stream: " + value);
      }
    }
    Http2.head(out(), 0, Http2.SETTINGS, Http2.ACK, 0);
    if (!ready) {
      ready = true;
      listener.opened(this);
    }
  }

  private void end(int stream, int status) {
    int at = ring(stream);
    long began = due[at];
    if (began != 0) {
      due[at] = 0;
      open--;
      listener.ended(this, began, status, outcomes[at]);
    }
  }

  private void lost(String why) {
    boolean expected = leaving && open == 0;
    int unanswered = open;
    open = 0;
    ready = false;
    leaving = true;
    if (input != null) {
      input.release();
      input = null;
    }
    if (!expected) {
      listener.lost(this, unanswered, why);
    }
  }

  private ByteBuf out() {
    ByteBuf out = output;
    if (out == null) {
      ChannelHandlerContext there = context;
      ByteBufAllocator from = there == null ? ByteBufAllocator.DEFAULT : there.alloc();
      out = from.buffer(Http2.FRAME_MAX);
      output = out;
    }
    return out;
  }

  private static int ring(int stream) {
    return (stream >>> 1) & (RING - 1);
  }
}
