package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.rpc.Code;
import dev.ducat.gateway.RawGrpc.Reply;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.GetRefundRequest;
import dev.ducat.proto.payments.v1.ListRefundsRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Operations on a payment over real HTTP/2: what reaches the shard, and what comes back. */
@ExtendWith(VertxExtension.class)
class OperationCallsTest {
  private static final String SERVICE = "/ducat.payments.v1.PaymentService/";
  private static final String PAYMENT = idOfShard(7);

  /** The last ten bits are the shard. */
  private static String idOfShard(int shard) {
    return new PaymentId(new UUID(0x0198c5a000007000L, 0x8000000000000000L | shard)).text();
  }

  private static final CapturePaymentRequest CAPTURE =
      CapturePaymentRequest.newBuilder()
          .setPaymentId(PAYMENT)
          .setIdempotencyKey("k")
          .setAmount(Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(5))
          .setKeepRemainder(true)
          .build();

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
  void answerAsBefore() {
    gateway.payments().shard = gateway.payments()::settle;
  }

  @Test
  void aCaptureReachesItsPaymentsShard() {
    gateway.payments().shard =
        request ->
            Future.succeededFuture(
                ShardReply.newBuilder()
                    .setPayment(Payment.newBuilder().setPaymentId(PAYMENT))
                    .setReplayed(true)
                    .setAtRest(true)
                    .build());
    Reply reply = call("CapturePayment", CAPTURE);

    assertThat(reply.only(Payment.parser()).getPaymentId()).isEqualTo(PAYMENT);
    assertThat(reply.headers().get("idempotent-replayed")).isEqualTo("true");
    ShardRequest asked = gateway.payments().asked.getLast();
    assertThat(asked.getWaitMs()).isPositive();
    OperationCommand command = asked.getOperate();
    assertThat(command.getCapture()).isEqualTo(CAPTURE);
    assertThat(command.getFingerprint().size()).isEqualTo(32);
    call("CapturePayment", CAPTURE.toBuilder().setIdempotencyKey("other").build());
    assertThat(gateway.payments().asked.getLast().getOperate().getFingerprint())
        .isEqualTo(command.getFingerprint());
  }

  @Test
  void aRefundComesBack() {
    gateway.payments().shard =
        request ->
            Future.succeededFuture(
                ShardReply.newBuilder()
                    .setRefund(Refund.newBuilder().setPaymentId(PAYMENT))
                    .setAtRest(true)
                    .build());
    RefundPaymentRequest request =
        RefundPaymentRequest.newBuilder().setPaymentId(PAYMENT).setIdempotencyKey("k").build();
    assertThat(call("RefundPayment", request).only(Refund.parser()).getPaymentId())
        .isEqualTo(PAYMENT);
  }

  @Test
  void theLoserLearnsWhatItLostBy() {
    gateway.payments().shard =
        request ->
            Future.succeededFuture(
                ShardReply.newBuilder()
                    .setRefusal(
                        Refusal.newBuilder()
                            .setReason(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_CANCELABLE)
                            .setObstacle("ALREADY_CAPTURED")
                            .setField(PAYMENT)
                            .setMessage("too late"))
                    .build());
    CancelPaymentRequest request =
        CancelPaymentRequest.newBuilder().setPaymentId(PAYMENT).setIdempotencyKey("k").build();
    Reply reply = call("CancelPayment", request);
    assertThat(reply.status()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reply.reason()).isEqualTo("PAYMENT_NOT_CANCELABLE");
  }

  @Test
  void aForgedShardThatDoesNotExistIsNotFoundAtOnce() {
    int asked = gateway.payments().asked.size();
    Reply reply =
        call("CapturePayment", CAPTURE.toBuilder().setPaymentId(idOfShard(1_023)).build());
    assertThat(reply.status()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(reply.reason()).isEqualTo("PAYMENT_NOT_FOUND");
    assertThat(gateway.payments().asked).hasSize(asked);
  }

  static Stream<Arguments> badRequests() {
    CancelPaymentRequest cancel =
        CancelPaymentRequest.newBuilder().setPaymentId(PAYMENT).setIdempotencyKey("k").build();
    RefundPaymentRequest refund =
        RefundPaymentRequest.newBuilder().setPaymentId(PAYMENT).setIdempotencyKey("k").build();
    return Stream.of(
        bad("CapturePayment", "payment_id", CAPTURE.toBuilder().setPaymentId("pay_x").build()),
        bad("CapturePayment", "idempotency_key", CAPTURE.toBuilder().setIdempotencyKey("").build()),
        bad("CapturePayment", "amount.minor_units", capture("EUR", 0)),
        bad("CapturePayment", "amount.minor_units", capture("EUR", -1)),
        bad("CapturePayment", "amount.currency_code", capture("eur", 1)),
        bad("CancelPayment", "payment_id", cancel.toBuilder().clearPaymentId().build()),
        bad("CancelPayment", "idempotency_key", cancel.toBuilder().clearIdempotencyKey().build()),
        bad("CancelPayment", "reason", cancel.toBuilder().setReason("r".repeat(256)).build()),
        bad("CancelPayment", "reason", cancel.toBuilder().setReason("4111 1111 1111 1111").build()),
        bad("RefundPayment", "payment_id", refund.toBuilder().setPaymentId("").build()),
        bad("RefundPayment", "reason", refund.toBuilder().setReason("a\u0000b").build()),
        bad("GetRefund", "refund_id", GetRefundRequest.newBuilder().setRefundId(PAYMENT).build()),
        bad("ListRefunds", "payment_id", ListRefundsRequest.getDefaultInstance()),
        bad(
            "ListRefunds",
            "page_size",
            ListRefundsRequest.newBuilder().setPaymentId(PAYMENT).setPageSize(-1).build()));
  }

  private static Arguments bad(String method, String field, Message request) {
    return Arguments.of(method, field, request);
  }

  private static CapturePaymentRequest capture(String currency, long minorUnits) {
    return CAPTURE.toBuilder()
        .setAmount(Money.newBuilder().setCurrencyCode(currency).setMinorUnits(minorUnits))
        .build();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("badRequests")
  void badInputIsNamedAndReachesNobody(String method, String field, Message request) {
    int asked = gateway.payments().asked.size();
    Reply reply = call(method, request);
    assertThat(reply.status()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reply.fields()).containsExactly(field);
    assertThat(gateway.payments().asked).hasSize(asked);
  }

  @Test
  void refundsAreReadByTheirOwnId() {
    String id = IdKind.REFUND.text(UUID.fromString("0198c5a0-0000-7000-8000-000000000001"));
    call("GetRefund", GetRefundRequest.newBuilder().setRefundId(id).build());
    assertThat(gateway.payments().queried.getLast().getRefundId()).isEqualTo(id);
  }

  private static Reply call(String method, Message request) {
    return gateway.client().call(SERVICE + method, request);
  }
}
