package dev.ducat.kernel.bus;

import com.google.protobuf.Message;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.MessageCodec;

/**
 * One codec for every Protobuf message: on this node the immutable object itself travels, between
 * nodes its bytes. The receiver knows which type it asked for or serves, so the wire carries no
 * type name; what arrives is a {@link WireBytes} until then.
 */
final class ProtobufCodec implements MessageCodec<Object, Object> {
  static final String NAME = "protobuf";

  /** Bytes of a message that came from another node. */
  record WireBytes(Buffer bytes) {}

  @Override
  public void encodeToWire(Buffer out, Object body) {
    byte[] bytes =
        switch (body) {
          case Message message -> message.toByteArray();
          case WireBytes wire -> wire.bytes().getBytes();
          default -> throw new IllegalArgumentException("not Protobuf: " + body.getClass());
        };
    out.appendInt(bytes.length).appendBytes(bytes);
  }

  @Override
  public Object decodeFromWire(int position, Buffer in) {
    int length = in.getInt(position);
    return new WireBytes(in.getBuffer(position + 4, position + 4 + length));
  }

  @Override
  public Object transform(Object body) {
    return body;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public byte systemCodecID() {
    return -1;
  }
}
