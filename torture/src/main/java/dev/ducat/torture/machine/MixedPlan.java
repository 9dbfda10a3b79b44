package dev.ducat.torture.machine;

import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.ListRefundsRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.proto.payments.v1.WatchPaymentRequest;
import java.util.Optional;
import java.util.Random;

/** One payment's life after another, drawn from a seed; all operations, all outcomes. */
final class MixedPlan {
  static final String WALLET = "wallet:torture";

  private final Random dice;
  private final String prefix;
  private final Client client;
  private int round;

  MixedPlan(long seed, int number, Client client) {
    this.dice = new Random(seed * 1_000_003 + number);
    this.prefix = "t-%d-%c".formatted(seed, 'a' + number);
    this.client = client;
  }

  /** Lives one payment's life. */
  void live() {
    String key = prefix + "-" + round++;
    long amount = 10L + dice.nextInt(10_000);
    String method = method(dice.nextInt(100));
    boolean manual = dice.nextInt(3) == 0 && !method.startsWith("wallet:");
    Sent sent = new Sent("default", key, amount, "EUR", "acme", method);
    CreatePaymentRequest request = request(sent, manual);
    Optional<Payment> created = client.ask(sent, PaymentServiceGrpcClient.CreatePayment, request);
    if (dice.nextInt(20) == 0) {
      client.ask(sent, PaymentServiceGrpcClient.CreatePayment, request);
    }
    if (created.isEmpty()) {
      return;
    }
    Payment payment = created.get();
    String id = payment.getPaymentId();
    if (dice.nextInt(10) == 0) {
      client.look(
          PaymentServiceGrpcClient.WatchPayment,
          WatchPaymentRequest.newBuilder().setPaymentId(id).build());
    }
    if (payment.getState() == PaymentState.PAYMENT_STATE_AUTHORIZED) {
      payment = afterAuthorization(sent, payment);
    }
    if (payment.getState() == PaymentState.PAYMENT_STATE_SETTLED && dice.nextInt(4) == 0) {
      refund(payment);
    }
    client.ask(
        sent,
        PaymentServiceGrpcClient.GetPayment,
        GetPaymentRequest.newBuilder().setPaymentId(id).build());
  }

  /** Of a hundred payments: 5 silent, 2 late, 5 retryable, 2 declined, 2 with an action. */
  private static String method(int draw) {
    if (draw < 5) {
      return draw < 3 ? "sim_timeout_authorize" : "sim_timeout_capture";
    }
    if (draw < 7) {
      return "sim_late_300";
    }
    if (draw < 12) {
      return draw < 9 ? "sim_error_2" : "sim_error_1";
    }
    if (draw < 14) {
      return draw == 12 ? "sim_decline_authorize" : "sim_decline_capture";
    }
    if (draw < 16) {
      return "sim_action_500";
    }
    return draw < 26 ? WALLET : "sim_ok";
  }

  private static CreatePaymentRequest request(Sent sent, boolean manual) {
    CreatePaymentRequest.Builder request =
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey(sent.key())
            .setMerchantAccount(sent.merchant())
            .setPaymentMethod(sent.method())
            .setCaptureMode(
                manual ? CaptureMode.CAPTURE_MODE_MANUAL : CaptureMode.CAPTURE_MODE_AUTOMATIC);
    request.getAmountBuilder().setCurrencyCode(sent.currency()).setMinorUnits(sent.amount());
    return request.build();
  }

  private Payment afterAuthorization(Sent sent, Payment payment) {
    return switch (dice.nextInt(5)) {
      case 0 -> capture(sent, payment, sent.amount(), false, "c");
      case 1 -> capture(sent, payment, sent.amount() / 2, false, "c");
      case 2 -> {
        Payment first = capture(sent, payment, sent.amount() / 3, true, "c");
        yield capture(sent, first, sent.amount() / 3, false, "d");
      }
      case 3 ->
          client
              .ask(
                  sent,
                  PaymentServiceGrpcClient.CancelPayment,
                  CancelPaymentRequest.newBuilder()
                      .setPaymentId(payment.getPaymentId())
                      .setIdempotencyKey(sent.key() + "-x")
                      .build())
              .orElse(payment);
      default -> payment;
    };
  }

  private Payment capture(Sent sent, Payment payment, long amount, boolean keep, String suffix) {
    CapturePaymentRequest.Builder request =
        CapturePaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setIdempotencyKey(sent.key() + "-" + suffix)
            .setKeepRemainder(keep);
    request.getAmountBuilder().setCurrencyCode("EUR").setMinorUnits(amount);
    return client
        .ask(sent, PaymentServiceGrpcClient.CapturePayment, request.build())
        .orElse(payment);
  }

  private void refund(Payment payment) {
    long captured = payment.getAmountCaptured().getMinorUnits();
    // Two times a whole one asks for too much: that must be refused.
    long amount = dice.nextBoolean() ? captured : Math.max(1, captured / 3);
    for (int number = 0; number < 2; number++) {
      RefundPaymentRequest.Builder request =
          RefundPaymentRequest.newBuilder()
              .setPaymentId(payment.getPaymentId())
              .setIdempotencyKey(payment.getIdempotencyKey() + "-r" + number);
      request.getAmountBuilder().setCurrencyCode("EUR").setMinorUnits(amount);
      client.ask(null, PaymentServiceGrpcClient.RefundPayment, request.build());
    }
    client.ask(
        null,
        PaymentServiceGrpcClient.ListRefunds,
        ListRefundsRequest.newBuilder().setPaymentId(payment.getPaymentId()).build());
  }
}
