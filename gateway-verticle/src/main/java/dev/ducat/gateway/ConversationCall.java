package dev.ducat.gateway;

import com.google.protobuf.Message;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/** A call of many messages, each answered by one as soon as it is there. */
final class ConversationCall<Q extends Message, A extends Message> extends Call {
  private final Rpc.Conversation<Q, A> rpc;
  private final Deframer deframer;

  ConversationCall(
      Edge edge,
      HttpServerRequest request,
      Caller caller,
      InFlight permits,
      long nanos,
      Rpc.Conversation<Q, A> rpc) {
    super(edge, request, caller, permits, nanos);
    this.rpc = rpc;
    this.deframer = new Deframer(rpc.bytesMax(), this::message);
  }

  @Override
  protected void onBytes(Buffer chunk) {
    deframer.feed(chunk);
    // Who asks without reading the answers is not read from either, so that they cannot pile up.
    if (!isDone() && !hasRequestEnded() && response.writeQueueFull()) {
      request.pause();
      response.drainHandler(
          nothing -> {
            response.drainHandler(null);
            if (!isDone() && !hasRequestEnded()) {
              request.resume();
            }
          });
    }
  }

  private void message(byte[] bytes) {
    if (!isDone()) {
      send(rpc.handler().apply(parse(rpc.parser(), bytes)));
    }
  }

  @Override
  protected void onHalfClose() {
    if (!deframer.atBoundary()) {
      throw new Problem.Malformed("the message ends before its length").asException();
    }
    succeed();
  }
}
