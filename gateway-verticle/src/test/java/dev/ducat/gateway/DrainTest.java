package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.rpc.Code;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcService;
import dev.ducat.proto.payments.v1.WatchPaymentRequest;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpServer;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.junit5.VertxExtension;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A node that goes away: nothing that was begun is lost, nothing new is begun. */
@ExtendWith(VertxExtension.class)
class DrainTest {
  private RunningGateway gateway;

  @BeforeEach
  void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterEach
  void stop() {
    gateway.close();
  }

  @Test
  void finishesWhatWasBegunSaysGoAwayAndListensNoMore() {
    Promise<ShardReply> answer = Promise.promise();
    gateway.payments().shard = request -> answer.future();
    HttpClientRequest begun = RawGrpc.await(gateway.client().open(Requests.CREATE, RawGrpc.head()));
    AtomicBoolean goAway = new AtomicBoolean();
    begun.connection().goAwayHandler(received -> goAway.set(true));
    Future<Reply> reply = RawGrpc.reply(begun);
    begun.end(RawGrpc.frame(Requests.create("begun").build()));
    await().until(() -> gateway.payments().asked.size() == 1);

    Future<Void> stopped = gateway.stop();
    await().atMost(Duration.ofSeconds(5)).untilTrue(goAway);
    assertThat(stopped.isComplete()).isFalse();
    assertThat(reply.isComplete()).isFalse();

    gateway.payments().settle(gateway.payments().asked.getFirst()).onComplete(answer);
    assertThat(RawGrpc.await(reply).only(Payment.parser()).getIdempotencyKey()).isEqualTo("begun");
    RawGrpc.await(stopped);
    assertThat(isListening()).isFalse();
  }

  private boolean isListening() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.client().port())) {
      return socket.isConnected();
    } catch (ConnectException refused) {
      return false;
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void sendsWatchersElsewhere() {
    Payment planted = gateway.payments().plant("default", "watched");
    Future<Reply> watching =
        gateway
            .client()
            .callAsync(
                Requests.WATCH,
                RawGrpc.head(),
                RawGrpc.frame(
                    WatchPaymentRequest.newBuilder().setPaymentId(planted.getPaymentId()).build()));
    await().until(() -> gateway.payments().queried.size() >= 2);
    Future<Void> stopped = gateway.stop();
    Reply reply = RawGrpc.await(watching);
    assertThat(reply.status()).isEqualTo(Code.UNAVAILABLE_VALUE);
    assertThat(reply.reason()).isEqualTo("DRAINING");
    assertThat(reply.hasRetryInfo()).isTrue();
    RawGrpc.await(stopped);
  }

  /** On connections that have not heard the GOAWAY yet. */
  @Test
  void refusesWhatComesWhileItDrains(Vertx vertx) {
    GatewaySettings settings = GatewaySettings.defaults();
    Edge edge = new Edge(vertx, gateway.testNode().node().clock(), settings.linger());
    HealthChecks checks =
        new HealthChecks(
            vertx, gateway.testNode().node().bus(), gateway.testNode().node().leases().settings());
    Map<String, Rpc> rpcs = new HashMap<>();
    new HealthEndpoint(vertx, checks).rpcs().forEach(rpc -> rpcs.put(rpc.path(), rpc));
    rpcs.put(
        Requests.CREATE,
        Rpc.unary(
            PaymentServiceGrpcService.CreatePayment,
            CreatePaymentRequest.getDefaultInstance(),
            Rpc.MESSAGE_BYTES_MAX,
            (call, request) -> Future.failedFuture("must not be executed")));
    edge.drain();
    checks.drain();
    HttpServer server =
        RawGrpc.await(
            vertx
                .createHttpServer()
                .requestHandler(
                    new FrontGuard(edge, rpcs, settings, new InFlight(1), new InFlight(1)))
                .listen(0, "127.0.0.1"));
    try (RawGrpc client = new RawGrpc(vertx, server.actualPort())) {
      Reply refused = client.call(Requests.CREATE, Requests.create("late").build());
      assertThat(refused.status()).isEqualTo(Code.UNAVAILABLE_VALUE);
      assertThat(refused.reason()).isEqualTo("DRAINING");
      assertThat(refused.hasRetryInfo()).isTrue();
      Reply health =
          client.call(HealthEndpoint.PREFIX + "Check", HealthCheckRequest.getDefaultInstance());
      assertThat(health.only(HealthCheckResponse.parser()).getStatus())
          .isEqualTo(HealthCheckResponse.ServingStatus.NOT_SERVING);
    }
    RawGrpc.await(server.close());
  }
}
