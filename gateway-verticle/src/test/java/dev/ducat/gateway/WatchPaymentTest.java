package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.rpc.Code;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.WatchPaymentRequest;
import dev.ducat.proto.payments.v1.WatchPaymentResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class WatchPaymentTest {
  private static RunningGateway gateway;

  @BeforeAll
  static void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static Future<Reply> watch(String paymentId, long afterVersion) {
    return gateway
        .client()
        .callAsync(Requests.WATCH, RawGrpc.head(), RawGrpc.frame(request(paymentId, afterVersion)));
  }

  private static WatchPaymentRequest request(String paymentId, long afterVersion) {
    return WatchPaymentRequest.newBuilder()
        .setPaymentId(paymentId)
        .setAfterVersion(afterVersion)
        .build();
  }

  private static List<WatchPaymentResponse> all(Reply reply) {
    assertThat(reply.status()).isZero();
    return reply.messages(WatchPaymentResponse.parser());
  }

  private static long queriesFor(String paymentId) {
    return gateway.payments().queried.stream()
        .filter(
            each ->
                each.getPaymentId().equals(paymentId)
                    || each.getEvents().getPaymentId().equals(paymentId))
        .count();
  }

  @Test
  void sendsASnapshotThenEveryVersionThenEnds() {
    Payment planted = gateway.payments().plant("default", "followed");
    Future<Reply> reply = watch(planted.getPaymentId(), 0);
    await().until(() -> queriesFor(planted.getPaymentId()) >= 3);
    assertThat(reply.isComplete()).isFalse();
    gateway.payments().finish("default", "followed");
    List<WatchPaymentResponse> answers = all(RawGrpc.await(reply));
    assertThat(answers)
        .extracting(each -> each.getPayment().getVersion())
        .containsExactly(1L, 2L, 3L);
    assertThat(answers.getFirst().hasEvent()).isFalse();
    assertThat(answers.getFirst().getPayment()).isEqualTo(planted);
    assertThat(answers.getLast().getEvent().getDetail().hasCompleted()).isTrue();
    assertThat(answers.getLast().getEvent().getType()).isEqualTo("dev.ducat.payment.completed.v1");
    assertThat(answers.getLast().getPayment().getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
  }

  @Test
  void resumesAfterTheVersionItIsTold() {
    Payment planted = gateway.payments().plant("default", "resumed");
    gateway.payments().finish("default", "resumed");
    assertThat(all(RawGrpc.await(watch(planted.getPaymentId(), 1))))
        .extracting(each -> each.getEvent().getVersion())
        .containsExactly(2L, 3L);
    assertThat(all(RawGrpc.await(watch(planted.getPaymentId(), 2))))
        .extracting(each -> each.getEvent().getVersion())
        .containsExactly(3L);
    assertThat(all(RawGrpc.await(watch(planted.getPaymentId(), 3)))).isEmpty();
  }

  @Test
  void sendsOnlyASnapshotOfWhatIsOver() {
    Payment planted = gateway.payments().plant("default", "over");
    gateway.payments().finish("default", "over");
    List<WatchPaymentResponse> answers = all(RawGrpc.await(watch(planted.getPaymentId(), 0)));
    assertThat(answers).singleElement().satisfies(each -> assertThat(each.hasEvent()).isFalse());
    assertThat(answers.getFirst().getPayment().getVersion()).isEqualTo(3);
  }

  @Test
  void findsNeitherUnknownNorAnothersPayment() {
    Payment planted = gateway.payments().plant("another", "hidden");
    for (String id : List.of(planted.getPaymentId(), "pay_00000000000000000000000000")) {
      Reply reply = RawGrpc.await(watch(id, 0));
      assertThat(reply.status()).isEqualTo(Code.NOT_FOUND_VALUE);
      assertThat(reply.reason()).isEqualTo("PAYMENT_NOT_FOUND");
    }
  }

  @Test
  void refusesAVersionThatIsNotThereYet() {
    Payment planted = gateway.payments().plant("default", "future");
    Reply reply = RawGrpc.await(watch(planted.getPaymentId(), 2));
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.fields()).containsExactly("after_version");
  }

  @Test
  void endsAtItsDeadline() {
    Payment planted = gateway.payments().plant("default", "deadline");
    Reply reply =
        RawGrpc.await(
            gateway
                .client()
                .callAsync(
                    Requests.WATCH,
                    RawGrpc.head("grpc-timeout", "400m"),
                    RawGrpc.frame(request(planted.getPaymentId(), 0))));
    assertThat(reply.status()).isEqualTo(Code.DEADLINE_EXCEEDED_VALUE);
    assertThat(reply.messages(WatchPaymentResponse.parser())).hasSize(1);
  }

  @Test
  void stopsAskingWhenTheClientIsGone() {
    Payment planted = gateway.payments().plant("default", "canceled");
    HttpClientRequest open = RawGrpc.await(gateway.client().open(Requests.WATCH, RawGrpc.head()));
    open.exceptionHandler(expected -> {});
    open.end(RawGrpc.frame(request(planted.getPaymentId(), 0)));
    await().until(() -> queriesFor(planted.getPaymentId()) >= 3);
    open.reset(8);
    var gauge = gateway.testNode().node().meters().get("ducat.gateway.streams.open").gauge();
    await().until(() -> gauge.value() == 0);
    long before = queriesFor(planted.getPaymentId());
    // Two of the longest pauses: a watcher that goes on would have asked.
    await()
        .pollDelay(Duration.ofMillis(1_200))
        .until(() -> queriesFor(planted.getPaymentId()) <= before + 1);
  }

  @Test
  void asksSeldomWhileNothingHappens() {
    Payment planted = gateway.payments().plant("default", "idle");
    Future<Reply> reply =
        gateway
            .client()
            .callAsync(
                Requests.WATCH,
                RawGrpc.head("grpc-timeout", "3S"),
                RawGrpc.frame(request(planted.getPaymentId(), 0)));
    assertThat(RawGrpc.await(reply).status()).isEqualTo(Code.DEADLINE_EXCEEDED_VALUE);
    // 40, 80, 160, 320, then every 500 ms.
    assertThat(queriesFor(planted.getPaymentId())).isBetween(6L, 14L);
  }
}
