package dev.ducat.saga.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.connector.v1.AuthorizeRequest;
import dev.ducat.proto.connector.v1.Capabilities;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.GetOperationRequest;
import dev.ducat.proto.connector.v1.NotFound;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.SettlementMode;
import dev.ducat.proto.internal.v1.ConnectorCall;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An adapter that answers byte for byte as each test says. */
@ExtendWith(VertxExtension.class)
final class GrpcConnectorTest {
  private static final OperationResult DONE =
      OperationResult.newBuilder()
          .setOperationKey("k")
          .setKind(OperationKind.OPERATION_KIND_AUTHORIZE)
          .setDone(Done.newBuilder().setConnectorReference("psp-1"))
          .build();

  private SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<String> timeouts = new CopyOnWriteArrayList<>();
  private volatile Consumer<HttpServerResponse> script = response -> answer(response, DONE);
  private volatile Capabilities capabilities = promised(60);
  private Vertx vertx;
  private HttpServer adapter;
  private GrpcConnector connector;

  @BeforeEach
  void start(Vertx vertx) {
    this.vertx = vertx;
    adapter =
        Await.result(
            vertx
                .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0))
                .requestHandler(this::serve)
                .listen(),
            Duration.ofSeconds(10));
    connector = connect(adapter.actualPort(), 1_000);
  }

  @AfterEach
  void stop() {
    Await.result(connector.close(), Duration.ofSeconds(10));
  }

  @Test
  void anAnswerComesThroughWithItsDeadline() {
    assertThat(result(authorize(5_000))).isEqualTo(DONE);
    assertThat(timeouts).hasSize(1).allMatch(timeout -> timeout.matches("\\d+[mun]|[1-5]S"));
    assertThat(meters.get("ducat.connector.calls").tags("end", "answered").timer().count())
        .isEqualTo(1);
  }

  @Test
  void onlyWhatWasNeverSentIsCertain() throws IOException {
    int nobody;
    try (ServerSocket free = new ServerSocket(0)) {
      nobody = free.getLocalPort();
    }
    GrpcConnector away = connect(nobody, 1_000);
    assertThat(failure(away.call(authorize(5_000)))).isEqualTo(BusFailure.NO_HANDLERS);
    assertThat(failure(connector.call(authorize(-1)))).isEqualTo(BusFailure.BUSY);
    Await.result(away.close(), Duration.ofSeconds(10));
  }

  @Test
  void silenceGarbageHalfAnswersAndErrorsLeaveItOpen() {
    Buffer whole = frame(DONE);
    Buffer garbage = Buffer.buffer(new byte[] {0, 0, 0, 0, 3, -1, -1, -1});
    assertThat(outcomeOf(response -> {}, 300)).isEqualTo(BusFailure.TIMEOUT);
    assertThat(outcomeOf(response -> response.reset(8))).isEqualTo(BusFailure.UNAVAILABLE);
    assertThat(outcomeOf(response -> response.reset(7))).isEqualTo(BusFailure.UNAVAILABLE);
    assertThat(outcomeOf(response -> response.setStatusCode(503).end()))
        .isEqualTo(BusFailure.UNAVAILABLE);
    assertThat(outcomeOf(response -> send(response, garbage, "0"))).isEqualTo(BusFailure.TIMEOUT);
    assertThat(outcomeOf(response -> send(response, whole.slice(0, 9), "0")))
        .isNotEqualTo(BusFailure.NO_HANDLERS);
    assertThat(outcomeOf(response -> send(response, whole.copy().appendBuffer(whole), "0")))
        .isEqualTo(BusFailure.UNAVAILABLE);
    assertThat(outcomeOf(response -> send(response, Buffer.buffer(), "0")))
        .isEqualTo(BusFailure.UNAVAILABLE);
    assertThat(outcomeOf(response -> send(response, whole, "2"))).isEqualTo(BusFailure.UNAVAILABLE);
    for (String status : List.of("4", "8", "13", "14", "16", "99", "x")) {
      assertThat(outcomeOf(response -> send(response, Buffer.buffer(), status)))
          .as("status %s", status)
          .isNotIn(BusFailure.NO_HANDLERS, BusFailure.BUSY, BusFailure.REJECTED);
    }
    assertThat(outcomeOf(response -> answer(response, OperationResult.getDefaultInstance())))
        .isEqualTo(BusFailure.UNAVAILABLE);
    OperationResult absent = DONE.toBuilder().setNotFound(NotFound.getDefaultInstance()).build();
    assertThat(outcomeOf(response -> answer(response, absent))).isEqualTo(BusFailure.UNAVAILABLE);
    script = response -> answer(response, absent);
    assertThat(result(question(5_000)).hasNotFound()).isTrue();
  }

  @Test
  void aRequestThatTheAdapterCallsWrongIsForAPerson() {
    assertThat(outcomeOf(response -> send(response, Buffer.buffer(), "3")))
        .isEqualTo(BusFailure.REJECTED);
  }

  @Test
  void aConnectionThatBreaksAfterSendingLeavesItOpen() {
    assertThat(outcomeOf(response -> response.closed())).isEqualTo(BusFailure.TIMEOUT);
    script = response -> vertx.setTimer(50, now -> adapter.close());
    assertThat(failure(connector.call(authorize(2_000)))).isEqualTo(BusFailure.UNAVAILABLE);
  }

  @Test
  void noMoreCallsAtOnceThanAllowed() {
    List<HttpServerResponse> held = new CopyOnWriteArrayList<>();
    script = held::add;
    List<Future<OperationResult>> asked =
        IntStream.range(0, 4).mapToObj(i -> connector.call(authorize(5_000))).toList();
    assertThat(failure(connector.call(authorize(5_000)))).isEqualTo(BusFailure.BUSY);
    await().until(() -> held.size() == 4);
    held.forEach(response -> vertx.runOnContext(now -> answer(response, DONE)));
    Await.result(Future.join(asked), Duration.ofSeconds(10));
    script = response -> answer(response, DONE);
    assertThat(result(authorize(5_000))).isEqualTo(DONE);
    assertThat(meters.get("ducat.connector.refused").tag("reason", "limit").counter().count())
        .isEqualTo(1);
  }

  @Test
  void aSilentAdapterIsLeftAloneForAWhileAndTriedAgain() {
    Await.result(connector.close(), Duration.ofSeconds(10));
    meters = new SimpleMeterRegistry();
    connector = connect(adapter.actualPort(), 10);
    for (int i = 0; i < 10; i++) {
      assertThat(outcomeOf(response -> response.reset(8))).isEqualTo(BusFailure.UNAVAILABLE);
    }
    script = response -> answer(response, DONE);
    assertThat(failure(connector.call(authorize(5_000)))).isEqualTo(BusFailure.BUSY);
    assertThat(meters.get("ducat.connector.breaker.state").gauge().value()).isEqualTo(2);
    await().until(() -> settled(connector.call(authorize(5_000))).succeeded());
    result(authorize(5_000));
    result(authorize(5_000));
    assertThat(meters.get("ducat.connector.breaker.state").gauge().value()).isZero();
  }

  @Test
  void nothingIsSentBeyondWhatTheAdapterPromises() {
    capabilities = promised(3_600);
    GrpcConnector wide = connect(adapter.actualPort(), 1_000);
    await()
        .until(
            () -> {
              Future<OperationResult> asked = settled(wide.call(authorize(5_000)));
              return asked.failed()
                  && String.valueOf(asked.cause().getMessage())
                      .contains("quarantine is at least PT1H");
            });
    Await.result(wide.close(), Duration.ofSeconds(10));
  }

  private BusFailure outcomeOf(Consumer<HttpServerResponse> scripted) {
    return outcomeOf(scripted, 1_000);
  }

  private BusFailure outcomeOf(Consumer<HttpServerResponse> scripted, long deadlineMs) {
    script = scripted;
    return failure(connector.call(authorize(deadlineMs)));
  }

  private OperationResult result(ConnectorCall call) {
    return Await.result(connector.call(call), Duration.ofSeconds(10));
  }

  private static Future<OperationResult> settled(Future<OperationResult> asked) {
    await().until(asked::isComplete);
    return asked;
  }

  private static BusFailure failure(Future<OperationResult> asked) {
    Throwable cause = settled(asked).cause();
    assertThat(cause).isInstanceOf(BusException.class);
    return ((BusException) cause).failure();
  }

  private GrpcConnector connect(int port, int breakerCalls) {
    return GrpcConnector.open(
        "psp",
        vertx,
        new SystemClock(),
        meters,
        new RemoteSettings(
            "127.0.0.1",
            port,
            4,
            Duration.ofSeconds(60),
            Duration.ofHours(24),
            Duration.ofDays(7),
            SettlementMode.SETTLEMENT_MODE_IMMEDIATE,
            false,
            new RemoteSettings.Breaker(breakerCalls, 60, Duration.ofMillis(300))));
  }

  private static Capabilities promised(long quarantineSeconds) {
    return Capabilities.newBuilder()
        .setConnector("psp")
        .setSettlementMode(SettlementMode.SETTLEMENT_MODE_IMMEDIATE)
        .setQuarantine(com.google.protobuf.Duration.newBuilder().setSeconds(quarantineSeconds))
        .setIdempotencyWindow(com.google.protobuf.Duration.newBuilder().setSeconds(86_400))
        .setAuthorizationLifetime(com.google.protobuf.Duration.newBuilder().setSeconds(604_800))
        .build();
  }

  private void serve(HttpServerRequest request) {
    boolean capability = request.path().endsWith("/GetCapabilities");
    if (!capability) {
      timeouts.add(request.getHeader("grpc-timeout"));
    }
    request.endHandler(
        sent -> {
          if (capability) {
            answer(request.response(), capabilities);
          } else {
            script.accept(request.response());
          }
        });
  }

  private static void answer(HttpServerResponse response, Message message) {
    send(response, frame(message), "0");
  }

  private static void send(HttpServerResponse response, Buffer body, String status) {
    response.putHeader("content-type", "application/grpc");
    response.putTrailer("grpc-status", status);
    response.end(body);
  }

  private static Buffer frame(Message message) {
    byte[] bytes = message.toByteArray();
    return Buffer.buffer().appendByte((byte) 0).appendInt(bytes.length).appendBytes(bytes);
  }

  private static ConnectorCall authorize(long deadlineMs) {
    return ConnectorCall.newBuilder()
        .setAuthorize(
            AuthorizeRequest.newBuilder().setOperationKey("k").setDeadline(in(deadlineMs)))
        .build();
  }

  private static ConnectorCall question(long deadlineMs) {
    return ConnectorCall.newBuilder()
        .setGetOperation(
            GetOperationRequest.newBuilder().setOperationKey("k").setDeadline(in(deadlineMs)))
        .build();
  }

  private static Timestamp in(long millis) {
    Instant time = new SystemClock().now().plusMillis(millis);
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }
}
