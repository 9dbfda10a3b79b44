package dev.ducat.saga.connector;

import com.google.protobuf.Message;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Unary calls to one address, each ended by its deadline at the latest. The one line that matters:
 * until a connection is there, nothing was sent; from then on everything but a whole, good answer
 * leaves open whether it happened.
 */
final class RemoteCalls {
  private static final int CONNECT_MAX_MS = 2_000;
  private static final int ANSWER_BYTES_MAX = 64 * 1024;

  private final Vertx vertx;
  private final GrpcClient client;
  private final SocketAddress address;

  RemoteCalls(Vertx vertx, String host, int port) {
    this.vertx = vertx;
    this.address = SocketAddress.inetSocketAddress(port, host);
    this.client =
        GrpcClient.builder(vertx)
            .with(new GrpcClientOptions().setMaxMessageSize(ANSWER_BYTES_MAX))
            .with(
                new HttpClientOptions()
                    .setConnectTimeout(CONNECT_MAX_MS)
                    // HTTP/2 at once: servers of other makers do not upgrade from HTTP/1.1.
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false))
            .build();
  }

  /**
   * Calls a method.
   *
   * @return its answer; fails with NO_HANDLERS when nothing was sent, with REJECTED on
   *     INVALID_ARGUMENT, else with what leaves everything open
   */
  <Q extends Message, A extends Message> Future<A> call(
      ServiceMethod<A, Q> method, Q request, Duration timeout) {
    OneCall<Q, A> call = new OneCall<>();
    long timer = vertx.setTimer(Math.max(1, timeout.toMillis()), now -> call.timeOut());
    call.end.future().onComplete(done -> vertx.cancelTimer(timer));
    client
        .request(address, method)
        .onFailure(failure -> call.fail(BusFailure.NO_HANDLERS, "no connection", failure))
        .onSuccess(opened -> call.send(opened, request, timeout));
    return call.end.future();
  }

  Future<Void> close() {
    return client.close();
  }

  private static final class OneCall<Q extends Message, A extends Message> {
    private final Promise<A> end = Promise.promise();
    private final AtomicReference<@Nullable A> message = new AtomicReference<>();
    private final AtomicReference<@Nullable GrpcClientRequest<Q, A>> sent = new AtomicReference<>();
    private boolean isSecond;

    void send(GrpcClientRequest<Q, A> opened, Q request, Duration timeout) {
      if (end.future().isComplete()) {
        opened.cancel();
        return;
      }
      sent.set(opened);
      opened.exceptionHandler(broken -> fail(BusFailure.UNAVAILABLE, "broken off", broken));
      opened.timeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
      opened
          .response()
          .onFailure(broken -> fail(BusFailure.UNAVAILABLE, "no answer", broken))
          .onSuccess(this::read);
      opened
          .end(request)
          .onFailure(broken -> fail(BusFailure.UNAVAILABLE, "not sent whole", broken));
    }

    void timeOut() {
      GrpcClientRequest<Q, A> opened = sent.get();
      if (opened == null) {
        fail(BusFailure.NO_HANDLERS, "no connection in time", null);
      } else if (end.tryFail(new BusException(BusFailure.TIMEOUT, "no answer in time"))) {
        opened.cancel();
      }
    }

    private void read(GrpcClientResponse<Q, A> response) {
      response.exceptionHandler(
          broken -> fail(BusFailure.UNAVAILABLE, "an answer broken off", broken));
      response.handler(
          one -> {
            isSecond |= message.getAndSet(one) != null;
          });
      response.endHandler(done -> ended(response));
    }

    private void ended(GrpcClientResponse<Q, A> response) {
      GrpcStatus status = response.status();
      A answer = message.get();
      if (status == GrpcStatus.OK && answer != null && !isSecond) {
        end.tryComplete(answer);
      } else if (status == GrpcStatus.INVALID_ARGUMENT) {
        fail(BusFailure.REJECTED, "INVALID_ARGUMENT: " + response.statusMessage(), null);
      } else {
        String text =
            status == GrpcStatus.OK
                ? "not one answer"
                : status == null ? "no status" : status.name();
        fail(BusFailure.UNAVAILABLE, text + ": " + response.statusMessage(), null);
      }
    }

    private void fail(BusFailure failure, String what, @Nullable Throwable cause) {
      String why = cause == null ? "" : ": " + cause.getMessage();
      end.tryFail(new BusException(failure, what + why));
    }
  }
}
