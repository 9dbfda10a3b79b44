package dev.ducat.gateway;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.rpc.Status;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Base64;

/**
 * One call from its head to its status: frames in, frames out, one status whatever happens, and
 * never later than its deadline. Lives on one event loop, that of its connection.
 */
abstract class Call {
  private static final CharSequence GRPC_STATUS = HttpHeaders.createOptimized("grpc-status");
  private static final CharSequence GRPC_MESSAGE = HttpHeaders.createOptimized("grpc-message");
  private static final CharSequence GRPC_DETAILS =
      HttpHeaders.createOptimized("grpc-status-details-bin");
  private static final CharSequence GRPC_ACCEPT_ENCODING =
      HttpHeaders.createOptimized("grpc-accept-encoding");
  private static final CharSequence IDENTITY = HttpHeaders.createOptimized("identity");
  private static final CharSequence CONTENT_TYPE = HttpHeaders.createOptimized("content-type");
  private static final CharSequence GRPC = HttpHeaders.createOptimized("application/grpc");
  private static final CharSequence OK = HttpHeaders.createOptimized("0");

  /** What a client may go on sending after its status before the stream is reset. */
  private static final int UNWANTED_BYTES_MAX = 256 * 1024;

  private static final long RST_NO_ERROR = 0;
  private static final int PREFIX = 5;

  /** Position among the edge's live calls; the edge's own. */
  int slot = -1;

  protected final HttpServerRequest request;
  protected final HttpServerResponse response;
  private final Edge edge;
  private final Caller caller;
  private final InFlight permits;
  private long dueNanos;
  private long heldBytes;
  private long unwantedBytes;
  private boolean requestEnded;
  private boolean headSent;
  private boolean answered;
  private boolean closed;

  /** Begins a call that holds a permit of {@code permits} until its stream is closed. */
  Call(Edge edge, HttpServerRequest request, Caller caller, InFlight permits, long nanos) {
    this.edge = edge;
    this.request = request;
    this.response = request.response();
    this.caller = caller;
    this.permits = permits;
    this.dueNanos = edge.nanos() + nanos;
    request.handler(this::received);
    request.endHandler(nothing -> ended());
    response.closeHandler(nothing -> closed());
    edge.began(this);
  }

  /** The next bytes of the body. */
  protected abstract void onBytes(Buffer chunk);

  /** The client has sent everything. */
  protected abstract void onHalfClose();

  /** The client is gone, or the call was answered: nobody waits for it any more. */
  protected void onDone() {}

  final Caller caller() {
    return caller;
  }

  /** How long the client will still wait; never negative. */
  final Duration remaining() {
    return Duration.ofNanos(Math.max(0, dueNanos - edge.nanos()));
  }

  /** Whether the call has its status or its client is gone: working on is in vain. */
  final boolean isDone() {
    return answered || closed;
  }

  /** Whether the call is due at {@code nanos}. */
  final boolean isDue(long nanos) {
    return dueNanos - nanos <= 0;
  }

  /** Counts bytes that stay in memory until the stream is closed; false when that is too much. */
  protected final boolean hold(int bytes) {
    heldBytes += bytes;
    return permits.tryHold(bytes);
  }

  /** Ends what is overdue: the call, or a stream that outlives its status. */
  final void expire() {
    if (answered) {
      reset();
    } else {
      fail(new Problem.DeadlineExceeded().asException());
    }
  }

  /** Ends the call with the status of a failure. */
  final void fail(Throwable failure) {
    if (isDone()) {
      return;
    }
    Status status = ErrorMapper.status(failure);
    MultiMap out = headSent ? response.trailers() : head();
    out.set(GRPC_STATUS, Integer.toString(status.getCode()));
    out.set(GRPC_MESSAGE, PercentEncoding.of(status.getMessage()));
    out.set(
        GRPC_DETAILS, Base64.getEncoder().withoutPadding().encodeToString(status.toByteArray()));
    if (failure instanceof ProblemException known
        && known.problem() instanceof Problem.EncodingNotSupported) {
      out.set(GRPC_ACCEPT_ENCODING, IDENTITY);
    }
    finish();
  }

  /** Sends one message; returns how many bytes it takes. */
  protected final int send(Message message) {
    if (isDone()) {
      return 0;
    }
    if (!headSent) {
      head();
      headSent = true;
    }
    Buffer frame = frame(message);
    response.write(frame);
    return frame.length();
  }

  /** Ends the call well. */
  protected final void succeed() {
    if (isDone()) {
      return;
    }
    if (!headSent) {
      head();
      headSent = true;
      response.writeHead();
    }
    response.trailers().set(GRPC_STATUS, OK);
    finish();
  }

  /** Metadata for the head of the answer, which has not been sent. */
  protected final MultiMap head() {
    MultiMap headers = response.headers();
    headers.set(CONTENT_TYPE, GRPC);
    return headers;
  }

  /**
   * Reads a message.
   *
   * @throws ProblemException when it is not Protobuf of this type
   */
  protected static <Q> Q parse(Parser<Q> parser, byte[] bytes) {
    try {
      return parser.parseFrom(bytes);
    } catch (InvalidProtocolBufferException unreadable) {
      throw new Problem.Malformed("the message cannot be read as Protobuf").asException();
    }
  }

  private void received(Buffer chunk) {
    if (isDone()) {
      unwantedBytes += chunk.length();
      if (unwantedBytes > UNWANTED_BYTES_MAX && !closed) {
        reset();
      }
      return;
    }
    try {
      if (!hold(chunk.length())) {
        throw new Problem.Overloaded(ErrorMapper.RETRY_OVERLOADED).asException();
      }
      onBytes(chunk);
    } catch (RuntimeException broken) {
      fail(broken);
    }
  }

  private void ended() {
    requestEnded = true;
    if (isDone()) {
      return;
    }
    try {
      onHalfClose();
    } catch (RuntimeException broken) {
      fail(broken);
    }
  }

  /** Ends a request that is no call with an HTTP status. */
  protected final void finishAsHttp(int httpStatus) {
    response.setStatusCode(httpStatus);
    finish();
  }

  private void finish() {
    // Before the end is written, because a stream that both sides have ended closes within end().
    answered = true;
    response.end();
    // The stream stays with the edge until it is closed, so that no client can keep it open for
    // ever. It is not reset at once: Netty closes connections with many resets, ours included.
    dueNanos = edge.nanos() + edge.linger().toNanos();
    onDone();
  }

  private void reset() {
    edge.forget(this);
    // Vert.x does not reset a stream whose end waits for a window that the client keeps shut; then
    // the connection goes. Either way the stream closes, and what it holds is given back.
    response.reset(RST_NO_ERROR).onFailure(refused -> request.connection().close());
  }

  private void closed() {
    if (closed) {
      return;
    }
    closed = true;
    edge.forget(this);
    permits.release(heldBytes);
    if (!answered) {
      onDone();
    }
  }

  /** Whether the client has sent everything. */
  protected final boolean hasRequestEnded() {
    return requestEnded;
  }

  private static Buffer frame(Message message) {
    int size = message.getSerializedSize();
    byte[] bytes = new byte[PREFIX + size];
    bytes[1] = (byte) (size >>> 24);
    bytes[2] = (byte) (size >>> 16);
    bytes[3] = (byte) (size >>> 8);
    bytes[4] = (byte) size;
    try {
      message.writeTo(CodedOutputStream.newInstance(bytes, PREFIX, size));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return Buffer.buffer(bytes);
  }
}
