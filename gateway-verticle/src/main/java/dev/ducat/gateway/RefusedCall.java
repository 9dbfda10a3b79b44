package dev.ducat.gateway;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/** A call that is answered on its head alone; its body is thrown away unread. */
final class RefusedCall extends Call {
  private static final Caller NOBODY = new Caller("", "");
  private static final InFlight NO_PERMIT = InFlight.unlimited();

  private RefusedCall(Edge edge, HttpServerRequest request) {
    super(edge, request, NOBODY, NO_PERMIT, 0);
  }

  static void refuse(Edge edge, HttpServerRequest request, Throwable why) {
    new RefusedCall(edge, request).fail(why);
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
