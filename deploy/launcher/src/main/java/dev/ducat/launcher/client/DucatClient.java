package dev.ducat.launcher.client;

import com.google.protobuf.Message;
import dev.ducat.launcher.client.CallFailure.Details;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Calls Ducat as any client would. Every failure is a {@link CallFailure}. */
public final class DucatClient implements AutoCloseable {
  private static final int CONNECT_MS = 2_000;
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

  /** What the server answers to an expired deadline must have time to arrive. */
  private static final Duration GRACE = Duration.ofMillis(500);

  private final Supplier<Future<Void>> closing;
  private final Context loop;
  private final GrpcClient client;
  private final String tenant;

  /**
   * Makes a client with an event loop of its own; it connects with its first call.
   *
   * @param tenant sent as {@code ducat-tenant}; empty: not sent, which operators may
   */
  public DucatClient(String tenant) {
    this(
        Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setWorkerPoolSize(1)), tenant, true);
  }

  /** Makes a client with connections of its own on somebody else's event loops. */
  public static DucatClient on(Vertx vertx, String tenant) {
    return new DucatClient(vertx, tenant, false);
  }

  private DucatClient(Vertx vertx, String tenant, boolean owned) {
    this.tenant = tenant;
    this.loop = vertx.getOrCreateContext();
    this.client =
        GrpcClient.builder(vertx)
            .with(new GrpcClientOptions().setMaxMessageSize(4 << 20))
            .with(
                new HttpClientOptions()
                    .setConnectTimeout(CONNECT_MS)
                    // HTTP/2 at once: servers of other makers do not upgrade from HTTP/1.1.
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false))
            .build();
    this.closing = owned ? vertx::close : client::close;
  }

  /** Calls a unary method and waits at most {@code timeout} for its answer. */
  public <Q extends Message, A extends Message> Future<Answer<A>> call(
      SocketAddress address, ServiceMethod<A, Q> method, Q request, Duration timeout) {
    return onLoop(() -> send(address, method, request, timeout).compose(DucatClient::answerOf))
        .timeout(timeout.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS)
        .recover(failure -> Future.failedFuture(asCallFailure(failure)));
  }

  /**
   * Calls a method that answers with a stream.
   *
   * @param each gets every message, in order
   * @return done when the stream has ended with OK
   */
  public <Q extends Message, A extends Message> Future<Void> follow(
      SocketAddress address,
      ServiceMethod<A, Q> method,
      Q request,
      Duration timeout,
      Consumer<A> each) {
    return onLoop(
            () ->
                send(address, method, request, timeout).compose(response -> ended(response, each)))
        // A server that stands still ends no stream.
        .timeout(timeout.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS)
        .recover(failure -> Future.failedFuture(asCallFailure(failure)));
  }

  @Override
  public void close() {
    try {
      closing.get().await(CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException hanging) {
      // Nothing depends on it any more.
    }
  }

  /**
   * Works on an event loop whoever calls. On another thread a future that is complete already runs
   * what follows there and then, and the answer may come before anybody listens to it.
   */
  private <T> Future<T> onLoop(Supplier<Future<T>> work) {
    if (Context.isOnEventLoopThread()) {
      return work.get();
    }
    Promise<T> end = Promise.promise();
    loop.runOnContext(
        now -> {
          try {
            work.get().onComplete(end);
          } catch (RuntimeException refused) {
            end.fail(refused);
          }
        });
    return end.future();
  }

  private <Q, A> Future<GrpcClientResponse<Q, A>> send(
      SocketAddress address, ServiceMethod<A, Q> method, Q request, Duration timeout) {
    return client
        .request(address, method)
        .compose(
            call -> {
              call.timeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
              if (!tenant.isEmpty()) {
                call.headers().set("ducat-tenant", tenant);
              }
              var unused = call.end(request);
              return call.response();
            });
  }

  private static <Q, A> Future<Answer<A>> answerOf(GrpcClientResponse<Q, A> response) {
    AtomicReference<@Nullable A> message = new AtomicReference<>();
    boolean replayed = "true".equals(response.headers().get("idempotent-replayed"));
    return ended(response, message::set)
        .compose(
            done -> {
              A answer = message.get();
              return answer == null
                  ? Future.failedFuture(
                      new CallFailure(GrpcStatus.INTERNAL, "an empty answer", Details.NONE))
                  : Future.succeededFuture(new Answer<>(answer, replayed));
            });
  }

  private static <Q, A> Future<Void> ended(GrpcClientResponse<Q, A> response, Consumer<A> each) {
    Promise<Void> end = Promise.promise();
    response.exceptionHandler(end::tryFail);
    response.endHandler(
        done -> {
          if (response.status() == GrpcStatus.OK) {
            end.tryComplete();
          } else {
            end.tryFail(failureOf(response));
          }
        });
    response.handler(each::accept);
    return end.future();
  }

  private static CallFailure failureOf(GrpcClientResponse<?, ?> response) {
    @Nullable GrpcStatus status = response.status();
    String message = text(response, "grpc-message");
    String details = text(response, StatusDetails.HEADER);
    return new CallFailure(
        status == null ? GrpcStatus.UNKNOWN : status,
        message.isEmpty()
            ? "no message"
            : QueryStringDecoder.decodeComponent(
                message.replace("+", "%2B"), StandardCharsets.UTF_8),
        details.isEmpty() ? Details.NONE : StatusDetails.parse(details));
  }

  /** From the trailers, or from the headers where the answer is nothing but trailers. */
  private static String text(GrpcClientResponse<?, ?> response, String name) {
    for (MultiMap map : new MultiMap[] {response.trailers(), response.headers()}) {
      String value = map == null ? null : map.get(name);
      if (value != null) {
        return value;
      }
    }
    return "";
  }

  private static CallFailure asCallFailure(Throwable failure) {
    return switch (failure) {
      case CallFailure known -> known;
      case TimeoutException late ->
          new CallFailure(
              GrpcStatus.DEADLINE_EXCEEDED,
              "no answer in time; ask again with the same key",
              Details.NONE);
      default ->
          new CallFailure(
              GrpcStatus.UNAVAILABLE, String.valueOf(failure.getMessage()), Details.NONE);
    };
  }
}
