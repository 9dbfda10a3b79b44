package dev.ducat.torture;

import com.google.protobuf.Message;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One gRPC caller with connections of its own. Every call ends with a {@link Reply}, whatever
 * happens to the connection: what the network does to a call is an outcome here, not an exception.
 */
final class Rpc implements AutoCloseable {
  private static final int CONNECT_MS = 1_000;
  private static final int MAX_MESSAGE_BYTES = 4 << 20;

  /** A server's own DEADLINE_EXCEEDED must have time to arrive. */
  private static final Duration GRACE = Duration.ofMillis(500);

  private static final class Loops {
    static final Vertx VERTX =
        Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2).setWorkerPoolSize(2));
  }

  /**
   * How a call ended.
   *
   * @param status UNAVAILABLE or DEADLINE_EXCEEDED also where no server said so
   * @param text grpc-message, or what the network said
   * @param headers the response's, empty where none came
   * @param messages all that came, also of a stream that broke
   */
  record Reply<A>(GrpcStatus status, String text, MultiMap headers, List<A> messages) {
    boolean ok() {
      return status == GrpcStatus.OK;
    }

    /** The answer of a unary call that succeeded. */
    A message() {
      if (!ok() || messages.size() != 1) {
        throw new AssertionError(
            "one message expected, got %s (%s) and %s".formatted(status, text, messages));
      }
      return messages.getFirst();
    }

    boolean replayed() {
      return "true".equals(headers.get("idempotent-replayed"));
    }

    @Override
    public String toString() {
      return text.isEmpty() ? status.name() : status.name() + " (" + text + ")";
    }
  }

  private final GrpcClient client =
      GrpcClient.builder(Loops.VERTX)
          .with(new GrpcClientOptions().setMaxMessageSize(MAX_MESSAGE_BYTES))
          .with(new HttpClientOptions().setConnectTimeout(CONNECT_MS))
          .build();

  /** Calls and waits for the end of the call. */
  <Q extends Message, A extends Message> Reply<A> call(
      SocketAddress address,
      ServiceMethod<A, Q> method,
      Q request,
      Map<String, String> headers,
      Duration timeout) {
    List<A> messages = Collections.synchronizedList(new ArrayList<>());
    Future<Reply<A>> reply =
        client
            .request(address, method)
            // In one step on the event loop: an answer that comes before anybody listens is lost.
            .compose(
                call ->
                    send(call, request, headers, timeout)
                        .compose(response -> ended(response, messages)));
    try {
      return reply
          .toCompletionStage()
          .toCompletableFuture()
          .get(timeout.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      return failed(GrpcStatus.UNAVAILABLE, String.valueOf(e.getCause()), messages);
    } catch (TimeoutException e) {
      return failed(GrpcStatus.DEADLINE_EXCEEDED, "nothing came in " + timeout, messages);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted during a call", e);
    }
  }

  @Override
  public void close() {
    var unused = client.close();
  }

  private static <Q, A> Future<GrpcClientResponse<Q, A>> send(
      GrpcClientRequest<Q, A> call, Q request, Map<String, String> headers, Duration timeout) {
    call.timeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
    headers.forEach((name, value) -> call.headers().set(name, value));
    var unused = call.end(request);
    return call.response();
  }

  private static <Q, A> Future<Reply<A>> ended(
      GrpcClientResponse<Q, A> response, List<A> messages) {
    Promise<Reply<A>> end = Promise.promise();
    response.exceptionHandler(end::tryFail);
    response.endHandler(
        done -> {
          GrpcStatus status = response.status();
          end.tryComplete(
              new Reply<>(
                  status == null ? GrpcStatus.UNKNOWN : status,
                  message(response),
                  response.headers(),
                  List.copyOf(messages)));
        });
    response.handler(messages::add);
    return end.future();
  }

  /** From the trailers, or from the headers where the answer is nothing but trailers. */
  private static String message(GrpcClientResponse<?, ?> response) {
    for (@Nullable MultiMap map :
        new @Nullable MultiMap[] {response.trailers(), response.headers()}) {
      String text = map == null ? null : map.get("grpc-message");
      if (text != null) {
        return QueryStringDecoder.decodeComponent(text.replace("+", "%2B"), StandardCharsets.UTF_8);
      }
    }
    return "";
  }

  private static <A> Reply<A> failed(GrpcStatus status, String text, List<A> messages) {
    return new Reply<>(status, text, MultiMap.caseInsensitiveMultiMap(), List.copyOf(messages));
  }
}
