package dev.ducat.gateway;

import com.google.protobuf.Message;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the head of everything that comes in, and lets through only what is a gRPC call of a
 * method we have, in an encoding we take, with time left and room for it. What is no gRPC at all
 * gets an HTTP status, every call a gRPC status; both before a byte of the body is read.
 */
final class FrontGuard implements Handler<HttpServerRequest> {
  /** What may be repeated to a caller of its own path; nothing else is worth an echo. */
  private static final Pattern PATH = Pattern.compile("/[A-Za-z0-9._/]{1,200}");

  private final Edge edge;
  private final Map<String, Rpc> rpcs;
  private final GatewaySettings settings;
  private final InFlight calls;
  private final InFlight streams;
  private final InFlight health = InFlight.unlimited();

  FrontGuard(
      Edge edge,
      Map<String, Rpc> rpcs,
      GatewaySettings settings,
      InFlight calls,
      InFlight streams) {
    this.edge = edge;
    this.rpcs = rpcs;
    this.settings = settings;
    this.calls = calls;
    this.streams = streams;
  }

  @Override
  public void handle(HttpServerRequest request) {
    int noGrpc = httpStatusOfNoGrpc(request);
    if (noGrpc != 0) {
      refuseHttp(request, noGrpc);
      return;
    }
    try {
      begin(request);
    } catch (RuntimeException refused) {
      RefusedCall.refuse(edge, request, refused);
    }
  }

  private static int httpStatusOfNoGrpc(HttpServerRequest request) {
    if (request.version() != HttpVersion.HTTP_2) {
      return 505;
    }
    if (!HttpMethod.POST.equals(request.method())) {
      return 405;
    }
    String contentType = request.getHeader("content-type");
    if (!"application/grpc".equals(contentType) && !"application/grpc+proto".equals(contentType)) {
      return 415;
    }
    return 0;
  }

  private void refuseHttp(HttpServerRequest request, int status) {
    if (status == 405) {
      request.response().putHeader("allow", "POST");
    }
    if (request.version() == HttpVersion.HTTP_2) {
      RefusedCall.refuseHttp(edge, request, status);
    } else {
      request
          .response()
          .setStatusCode(status)
          .end()
          .onComplete(sent -> request.connection().close());
    }
  }

  private void begin(HttpServerRequest request) {
    // Not path(), which would cut off a query: a gRPC path has none.
    String path = request.uri();
    Rpc rpc = rpcs.get(path);
    if (rpc == null) {
      throw new Problem.UnknownMethod(PATH.matcher(path).matches() ? path : "of that name")
          .asException();
    }
    if (!"trailers".equals(request.getHeader("te"))) {
      throw new Problem.Malformed("te: trailers is missing: a proxy on the way drops trailers")
          .asException();
    }
    String encoding = request.getHeader("grpc-encoding");
    if (encoding != null && !"identity".equals(encoding)) {
      throw new Problem.EncodingNotSupported().asException();
    }
    String timeout = request.getHeader("grpc-timeout");
    Caller caller = Caller.of(request.headers());
    boolean isHealth = path.startsWith(HealthEndpoint.PREFIX);
    switch (rpc) {
      case Rpc.NotImplemented missing -> {
        throw new Problem.NotImplemented(path.substring(1)).asException();
      }
      case Rpc.Unary<?, ?> unary -> {
        long nanos = unaryNanos(timeout);
        open(unary, request, caller, permit(isHealth ? health : calls, isHealth), nanos);
      }
      case Rpc.ServerStreaming<?, ?> streaming -> {
        long nanos = streamNanos(timeout);
        open(streaming, request, caller, permit(isHealth ? health : streams, false), nanos);
      }
      case Rpc.Conversation<?, ?> conversation -> {
        long nanos = streamNanos(timeout);
        open(conversation, request, caller, permit(streams, false), nanos);
      }
    }
  }

  private long unaryNanos(@Nullable String timeout) {
    return GrpcTimeout.nanos(timeout, settings.deadlineDefault(), settings.deadlineMax());
  }

  private long streamNanos(@Nullable String timeout) {
    Duration max = settings.streamMax();
    return GrpcTimeout.nanos(timeout, max, max);
  }

  private InFlight permit(InFlight permits, boolean alsoWhenDraining) {
    if (edge.isDraining() && !alsoWhenDraining) {
      throw new Problem.Draining().asException();
    }
    if (!permits.tryAcquire()) {
      throw new Problem.Overloaded(ErrorMapper.RETRY_OVERLOADED).asException();
    }
    return permits;
  }

  private <Q extends Message, A extends Message> void open(
      Rpc.Unary<Q, A> rpc, HttpServerRequest request, Caller caller, InFlight held, long nanos) {
    new UnaryCall<>(edge, request, caller, held, nanos, rpc);
  }

  private <Q extends Message, A extends Message> void open(
      Rpc.ServerStreaming<Q, A> rpc,
      HttpServerRequest request,
      Caller caller,
      InFlight held,
      long nanos) {
    new StreamCall<>(edge, request, caller, held, nanos, rpc);
  }

  private <Q extends Message, A extends Message> void open(
      Rpc.Conversation<Q, A> rpc,
      HttpServerRequest request,
      Caller caller,
      InFlight held,
      long nanos) {
    new ConversationCall<>(edge, request, caller, held, nanos, rpc);
  }
}
