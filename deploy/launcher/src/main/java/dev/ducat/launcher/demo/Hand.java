package dev.ducat.launcher.demo;

import com.google.protobuf.Message;
import com.google.protobuf.util.Durations;
import dev.ducat.launcher.check.ClientHistory;
import dev.ducat.launcher.check.ClientHistory.Answered;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.ServiceMethod;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/** A client that does one thing after the other and looks at each answer. All money is in euros. */
final class Hand implements AutoCloseable {
  static final String MERCHANT = "acme";

  private static final Duration CALL = Duration.ofSeconds(15);
  private static final Duration AWAIT_MAX = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(100);

  private final DucatClient client = new DucatClient("default");
  private final SocketAddress node;
  private final SocketAddress operations;
  private final ClientHistory history;
  private int keys;

  /**
   * @param node where payments are taken
   * @param operations the operators' port
   */
  Hand(SocketAddress node, SocketAddress operations, ClientHistory history) {
    this.node = node;
    this.operations = operations;
    this.history = history;
  }

  static Money eur(long minorUnits) {
    return Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(minorUnits).build();
  }

  /** A key that was not used before. */
  String key() {
    return "by-hand-" + keys++;
  }

  <Q extends Message, A extends Message> A ask(ServiceMethod<A, Q> method, Q request) {
    return ask(node, method, request);
  }

  <Q extends Message, A extends Message> A operate(ServiceMethod<A, Q> method, Q request) {
    return ask(operations, method, request);
  }

  Payment pay(String method, long amount, CaptureMode mode, Duration wait) {
    CreatePaymentRequest request =
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey(key())
            .setAmount(eur(amount))
            .setPaymentMethod(method)
            .setMerchantAccount(MERCHANT)
            .setCaptureMode(mode)
            .setMaxWait(Durations.fromMillis(wait.toMillis()))
            .build();
    Payment payment = ask(PaymentServiceGrpcClient.CreatePayment, request);
    history.add(
        "by-hand",
        new Sent("default", request.getIdempotencyKey(), amount, "EUR", MERCHANT, method),
        new Answered(
            payment.getPaymentId(),
            payment.getVersion(),
            payment.getState().name(),
            amount,
            "EUR"));
    return payment;
  }

  Payment get(Payment payment) {
    return ask(
        PaymentServiceGrpcClient.GetPayment,
        GetPaymentRequest.newBuilder().setPaymentId(payment.getPaymentId()).build());
  }

  /**
   * The payment once it is in one of these states.
   *
   * @throws IllegalStateException when it does not get there: the demo has failed
   */
  Payment await(Payment payment, Set<PaymentState> wanted) {
    long start = System.nanoTime();
    Payment now = get(payment);
    while (!wanted.contains(now.getState())) {
      if (System.nanoTime() - start > AWAIT_MAX.toNanos()) {
        throw new IllegalStateException(wanted + " is not what became of " + now);
      }
      LockSupport.parkNanos(POLL.toNanos());
      now = get(payment);
    }
    return now;
  }

  private <Q extends Message, A extends Message> A ask(
      SocketAddress address, ServiceMethod<A, Q> method, Q request) {
    try {
      return client
          .call(address, method, request, CALL)
          .await(CALL.multipliedBy(2).toMillis(), TimeUnit.MILLISECONDS)
          .message();
    } catch (TimeoutException hanging) {
      throw new IllegalStateException("a call outlived its deadline", hanging);
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
