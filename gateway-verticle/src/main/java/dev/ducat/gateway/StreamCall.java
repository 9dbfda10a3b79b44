package dev.ducat.gateway;

import com.google.protobuf.Message;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/** A call of one message that is answered by many. */
final class StreamCall<Q extends Message, A extends Message> extends Call {
  private final Rpc.ServerStreaming<Q, A> rpc;
  private final Deframer deframer;
  private byte @Nullable [] message;
  private @Nullable Runnable whenDone;

  StreamCall(
      Edge edge,
      HttpServerRequest request,
      Caller caller,
      InFlight permits,
      long nanos,
      Rpc.ServerStreaming<Q, A> rpc) {
    super(edge, request, caller, permits, nanos);
    this.rpc = rpc;
    this.deframer = new Deframer(rpc.bytesMax(), this::message);
  }

  @Override
  protected void onBytes(Buffer chunk) {
    deframer.feed(chunk);
  }

  private void message(byte[] bytes) {
    if (message != null) {
      throw new Problem.Malformed("this call has one message, here is a second").asException();
    }
    message = bytes;
  }

  @Override
  protected void onHalfClose() {
    byte[] only = UnaryCall.onlyMessage(message, deframer);
    message = null;
    rpc.handler().accept(this, parse(rpc.parser(), only));
  }

  @Override
  protected void onDone() {
    if (whenDone != null) {
      whenDone.run();
    }
  }

  /** What to do once when nobody listens any more. */
  void whenDone(Runnable action) {
    whenDone = action;
  }

  /** Sends the next answer. */
  void next(A answer) {
    send(answer);
  }

  /** Whether the client reads more slowly than we write. */
  boolean isFull() {
    return !isDone() && response.writeQueueFull();
  }

  /** What to do when the client has caught up. */
  void whenDrained(Runnable action) {
    if (!isDone()) {
      response.drainHandler(
          nothing -> {
            response.drainHandler(null);
            action.run();
          });
    }
  }

  /** Ends the stream well. */
  void end() {
    succeed();
  }
}
