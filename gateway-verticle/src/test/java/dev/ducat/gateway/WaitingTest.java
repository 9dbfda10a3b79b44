package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.rpc.Code;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Deadlines, waits, owners that move or fall silent: each call is answered, and in time. */
@ExtendWith(VertxExtension.class)
class WaitingTest {
  private static RunningGateway gateway;

  @BeforeAll
  static void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @AfterEach
  void ordinaryAgain() {
    gateway.payments().shard = gateway.payments()::settle;
  }

  private static Future<Reply> create(String key, String timeout) {
    return gateway
        .client()
        .callAsync(
            Requests.CREATE,
            RawGrpc.head("grpc-timeout", timeout),
            RawGrpc.frame(Requests.create(key).build()));
  }

  private static List<ShardRequest> askedFor(String key) {
    return gateway.payments().asked.stream()
        .filter(each -> each.getCreate().getRequest().getIdempotencyKey().equals(key))
        .toList();
  }

  @Test
  void answersAtTheDeadlineWhenNobodyAnswersUs() {
    gateway.payments().shard = request -> Promise.<ShardReply>promise().future();
    long began = System.nanoTime();
    Reply reply = RawGrpc.await(create("silent", "700m"));
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    assertThat(reply.status()).isEqualTo(Code.DEADLINE_EXCEEDED_VALUE);
    assertThat(reply.reason()).isEqualTo("DEADLINE_EXCEEDED");
    assertThat(took).isBetween(Duration.ofMillis(500), Duration.ofMillis(1_200));
  }

  @Test
  void saysUnavailableWhenNobodyWasThereToDoIt() {
    gateway.payments().leaveShards();
    try {
      Reply reply = RawGrpc.await(create("nobody", "600m"));
      assertThat(reply.status()).isEqualTo(Code.UNAVAILABLE_VALUE);
      assertThat(reply.reason()).isEqualTo("DEPENDENCY_DOWN");
      assertThat(reply.hasRetryInfo()).isTrue();
    } finally {
      gateway.payments().serveShards();
    }
  }

  @Test
  void waitsForAShardThatMovesToAnotherNode() {
    gateway.payments().leaveShards();
    Future<Reply> reply = create("moving", "10S");
    await().pollDelay(Duration.ofMillis(400)).until(() -> !reply.isComplete());
    gateway.payments().serveShards();
    assertThat(RawGrpc.await(reply).only(Payment.parser()).getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
  }

  @ParameterizedTest
  @EnumSource(
      value = BusFailure.class,
      names = {"NOT_OWNER", "DRAINING"})
  void asksAgainWhenItAskedTheWrongOne(BusFailure failure) {
    AtomicInteger times = new AtomicInteger();
    gateway.payments().shard =
        request ->
            times.incrementAndGet() < 4
                ? Future.failedFuture(new BusException(failure, "elsewhere"))
                : gateway.payments().settle(request);
    Reply reply = RawGrpc.await(create("again-" + failure, "10S"));
    assertThat(reply.status()).isZero();
    assertThat(times).hasValue(4);
  }

  @Test
  void refusesAtOnceWhenTheMailboxIsFull() {
    gateway.payments().shard =
        request -> Future.failedFuture(new BusException(BusFailure.BUSY, "full"));
    Reply reply = RawGrpc.await(create("full", "10S"));
    assertThat(reply.status()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(reply.reason()).isEqualTo("OVERLOADED");
    assertThat(reply.hasRetryInfo()).isTrue();
    assertThat(askedFor("full")).hasSize(1);
  }

  @Test
  void saysUnavailableWhenTheDatabaseIsAway() {
    gateway.payments().shard =
        request -> Future.failedFuture(new BusException(BusFailure.UNAVAILABLE, "no database"));
    Reply reply = RawGrpc.await(create("no-database", "10S"));
    assertThat(reply.status()).isEqualTo(Code.UNAVAILABLE_VALUE);
    assertThat(reply.hasRetryInfo()).isTrue();
  }

  @Test
  void asksAgainWhenAnOwnerFallsSilent() {
    AtomicInteger times = new AtomicInteger();
    gateway.payments().shard =
        request ->
            times.incrementAndGet() == 1
                ? Promise.<ShardReply>promise().future()
                : gateway.payments().settle(request);
    Reply reply = RawGrpc.await(create("fell-silent", "10S"));
    assertThat(reply.status()).isZero();
    assertThat(askedFor("fell-silent")).hasSize(2);
  }

  @Test
  void asksInSlicesAndIsNoReplayOfItself() {
    AtomicInteger times = new AtomicInteger();
    gateway.payments().shard =
        request ->
            times.incrementAndGet() < 3
                ? gateway.payments().settle(request.toBuilder().setWaitMs(0).build())
                : gateway.payments().settle(request);
    Reply reply = RawGrpc.await(create("slices", "10S"));
    assertThat(reply.only(Payment.parser()).getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(reply.headers().get("idempotent-replayed")).isNull();
    assertThat(askedFor("slices"))
        .hasSize(3)
        .allMatch(each -> each.getWaitMs() > 0 && each.getWaitMs() <= 2_000);
  }

  @Test
  void asksAnOwnerThatAnswersTooEarlyLessAndLessOften() {
    gateway.payments().shard =
        request -> gateway.payments().settle(request.toBuilder().setWaitMs(0).build());
    long began = System.nanoTime();
    Reply reply = RawGrpc.await(create("hasty", "3S"));
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    assertThat(reply.only(Payment.parser()).getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_PENDING);
    assertThat(took).isBetween(Duration.ofMillis(2_500), Duration.ofMillis(3_500));
    // Pauses of 25, 50, 100, 200, 400 and then 500 ms: not the thousands that fit in between.
    assertThat(askedFor("hasty")).hasSizeBetween(5, 13);
  }

  @Test
  void answersWithThePaymentAsItStandsWhenTheOwnerIsLostDuringTheWait() {
    AtomicInteger times = new AtomicInteger();
    gateway.payments().shard =
        request ->
            times.incrementAndGet() == 1
                ? gateway.payments().settle(request.toBuilder().setWaitMs(0).build())
                : Promise.<ShardReply>promise().future();
    Reply reply = RawGrpc.await(create("lost-later", "1500m"));
    assertThat(reply.only(Payment.parser()).getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_PENDING);
  }

  @Test
  void neverWaitsLongerThanTheDeadlineAllows() {
    RawGrpc.await(create("short", "1S"));
    assertThat(askedFor("short"))
        .singleElement()
        .satisfies(each -> assertThat(each.getWaitMs()).isBetween(500L, 750L));
    RawGrpc.await(create("shorter", "200m"));
    assertThat(askedFor("shorter"))
        .singleElement()
        .satisfies(each -> assertThat(each.getWaitMs()).isZero());
  }

  @Test
  void answersAfterTheFirstCommitWhenAskedTo() {
    CreatePaymentRequest request =
        Requests.create("no-wait")
            .setMaxWait(com.google.protobuf.Duration.getDefaultInstance())
            .build();
    Payment payment = gateway.client().call(Requests.CREATE, request).only(Payment.parser());
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_PENDING);
    assertThat(askedFor("no-wait"))
        .singleElement()
        .satisfies(each -> assertThat(each.getWaitMs()).isZero());
  }

  @Test
  void passesTheTraceOn() {
    String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    gateway
        .client()
        .call(
            Requests.CREATE,
            RawGrpc.head("traceparent", trace),
            RawGrpc.frame(Requests.create("traced").build()));
    assertThat(askedFor("traced"))
        .singleElement()
        .satisfies(each -> assertThat(each.getTraceparent()).isEqualTo(trace));
    gateway
        .client()
        .call(
            Requests.CREATE,
            RawGrpc.head("traceparent", trace.replace('-', '_')),
            RawGrpc.frame(Requests.create("untraced").build()));
    assertThat(askedFor("untraced"))
        .singleElement()
        .satisfies(each -> assertThat(each.getTraceparent()).isEmpty());
  }
}
