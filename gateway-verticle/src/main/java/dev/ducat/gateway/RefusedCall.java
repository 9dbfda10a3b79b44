package dev.ducat.gateway;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/** A call that is answered on its head alone; its body is thrown away unread. */
final class RefusedCall extends Call {
  private static final Caller NOBODY = new Caller("", false, "");

  private RefusedCall(Edge edge, HttpServerRequest request) {
    // It needs no permit: it holds nothing and does nothing.
    super(edge, request, NOBODY, InFlight.unlimited(), 0);
  }

  /** Refuses a call with a gRPC status. */
  static void refuse(Edge edge, HttpServerRequest request, Throwable why) {
    new RefusedCall(edge, request).fail(why);
  }

  /** Refuses what is no gRPC with an HTTP status. */
  static void refuseHttp(Edge edge, HttpServerRequest request, int httpStatus) {
    new RefusedCall(edge, request).finishAsHttp(httpStatus);
  }

  @Override
  protected void onBytes(Buffer chunk) {
    // Never called: the call is answered before its first byte is read.
    throw new IllegalStateException("a refused call takes no bytes");
  }

  @Override
  protected void onHalfClose() {
    throw new IllegalStateException("a refused call has no end of its own");
  }
}
