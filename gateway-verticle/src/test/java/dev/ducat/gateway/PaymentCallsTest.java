package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.ListPaymentsRequest;
import dev.ducat.proto.payments.v1.ListPaymentsResponse;
import dev.ducat.proto.payments.v1.LookupPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** PaymentService over real HTTP/2: what goes in comes out, and nothing of another tenant. */
@ExtendWith(VertxExtension.class)
class PaymentCallsTest {
  private static RunningGateway gateway;

  @BeforeAll
  static void start(Vertx vertx) {
    gateway = RunningGateway.start(vertx);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @Test
  void createsAndReadsAPayment() {
    Payment created =
        gateway
            .client()
            .call(Requests.CREATE, Requests.create("create-and-read").build())
            .only(Payment.parser());
    assertThat(created.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(created.getAmount().getMinorUnits()).isEqualTo(1_250);

    GetPaymentRequest get =
        GetPaymentRequest.newBuilder().setPaymentId(created.getPaymentId()).build();
    assertThat(gateway.client().call(Requests.GET, get).only(Payment.parser())).isEqualTo(created);

    LookupPaymentRequest lookup =
        LookupPaymentRequest.newBuilder().setIdempotencyKey("create-and-read").build();
    assertThat(gateway.client().call(Requests.LOOKUP, lookup).only(Payment.parser()))
        .isEqualTo(created);

    ListPaymentsResponse list =
        gateway
            .client()
            .call(Requests.LIST, ListPaymentsRequest.getDefaultInstance())
            .only(ListPaymentsResponse.parser());
    assertThat(list.getPaymentsList()).contains(created);
  }

  @Test
  void marksAReplayInTheHead() {
    var request = Requests.create("replayed").build();
    var first = gateway.client().call(Requests.CREATE, request);
    var second = gateway.client().call(Requests.CREATE, request);
    assertThat(first.headers().get("idempotent-replayed")).isNull();
    assertThat(second.headers().get("idempotent-replayed")).isEqualTo("true");
    assertThat(second.only(Payment.parser())).isEqualTo(first.only(Payment.parser()));
  }
}
