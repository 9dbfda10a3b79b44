package dev.ducat.gateway;

import com.google.protobuf.Message;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/** A call of exactly one message, which is executed when the client has sent everything. */
final class UnaryCall<Q extends Message, A extends Message> extends Call {
  private static final String REPLAYED_HEADER = "idempotent-replayed";

  private final Rpc.Unary<Q, A> rpc;
  private final Deframer deframer;
  private byte @Nullable [] message;
  private boolean replayed;

  UnaryCall(
      Edge edge,
      HttpServerRequest request,
      Caller caller,
      InFlight permits,
      long nanos,
      Rpc.Unary<Q, A> rpc) {
    super(edge, request, caller, permits, nanos);
    this.rpc = rpc;
    this.deframer = new Deframer(rpc.bytesMax(), this::message);
  }

  /** Says in the answer's head that the work was done by an earlier call. */
  void markReplayed() {
    replayed = true;
  }

  @Override
  protected void onBytes(Buffer chunk) {
    deframer.feed(chunk);
  }

  private void message(byte[] bytes) {
    if (message != null) {
      throw new Problem.Malformed("a unary call has one message, here is a second").asException();
    }
    message = bytes;
  }

  @Override
  protected void onHalfClose() {
    byte[] only = onlyMessage(message, deframer);
    message = null;
    rpc.handler()
        .apply(this, parse(rpc.parser(), only))
        .onComplete(
            done -> {
              if (done.succeeded()) {
                answer(done.result());
              } else {
                fail(done.cause());
              }
            });
  }

  private void answer(A answer) {
    if (replayed && !isDone()) {
      head().set(REPLAYED_HEADER, "true");
    }
    // Counted until it is taken away, so that clients that do not read cannot fill the memory.
    hold(send(answer));
    succeed();
  }

  /** The one message of a call, checked when all of it is there. */
  static byte[] onlyMessage(byte @Nullable [] message, Deframer deframer) {
    if (!deframer.atBoundary()) {
      throw new Problem.Malformed("the message ends before its length").asException();
    }
    if (message == null) {
      throw new Problem.Malformed("the call has no message").asException();
    }
    return message;
  }
}
