package dev.ducat.torture.machine;

import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.LookupPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;

/** One payment's life after another, drawn from a seed; all operations, all outcomes. */
final class MixedPlan {
  static final String MERCHANT = "acme";

  /** The payer of a challenge acts by himself after half a second. */
  private static final Duration PAYER = Duration.ofSeconds(3);

  private final Random dice;
  private final String prefix;
  private final Client client;
  private final Reads reads;
  private final Wallets wallets;
  private final Operations operations;
  private int round;

  MixedPlan(long seed, int number, Client client) {
    this.dice = new Random(seed * 1_000_003 + number);
    this.prefix = "t-%d-%c".formatted(seed, 'a' + number);
    this.client = client;
    this.reads = new Reads(dice, client);
    this.wallets = new Wallets(dice, client);
    this.operations = new Operations(dice, client);
  }

  /** Lives one payment's life. */
  void live() {
    String key = prefix + "-" + round++;
    long amount = 10L + dice.nextInt(10_000);
    String method = method(dice.nextInt(100));
    boolean manual = dice.nextInt(3) == 0;
    Sent sent = new Sent("default", key, amount, "EUR", MERCHANT, method);
    CreatePaymentRequest request = request(sent, manual);
    if (dice.nextInt(10) == 0) {
      wallets.move();
    }
    if (dice.nextInt(20) == 0) {
      onlyValidate(request);
    }
    Optional<Payment> created = create(sent, request);
    if (created.isEmpty()) {
      return;
    }
    Payment payment = created.get();
    keyAgain(sent, request);
    reads.any(sent, payment);
    if (payment.getState() == PaymentState.PAYMENT_STATE_REQUIRES_ACTION) {
      payment = reads.watch(sent, payment, 0, PAYER);
    }
    if (payment.getState() == PaymentState.PAYMENT_STATE_AUTHORIZED) {
      payment = operations.afterAuthorization(sent, payment);
    }
    if (payment.getState() == PaymentState.PAYMENT_STATE_SETTLED && dice.nextInt(4) == 0) {
      operations.refund(sent, payment);
    }
    reads.get(sent, payment);
  }

  /** Of a hundred payments: 5 silent, 2 late, 5 retryable, 2 declined, 2 with an action. */
  private String method(int draw) {
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
    return draw < 26 ? Wallets.any(dice) : "sim_ok";
  }

  /** Whether the PSP is told not to answer. */
  static boolean isSilent(String method) {
    return method.startsWith("sim_timeout") || method.startsWith("sim_late");
  }

  private static CreatePaymentRequest request(Sent sent, boolean manual) {
    CreatePaymentRequest.Builder request =
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey(sent.key())
            .setReference(sent.key())
            .setMerchantAccount(sent.merchant())
            .setPaymentMethod(sent.method())
            .setCaptureMode(
                manual ? CaptureMode.CAPTURE_MODE_MANUAL : CaptureMode.CAPTURE_MODE_AUTOMATIC);
    request.getAmountBuilder().setCurrencyCode(sent.currency()).setMinorUnits(sent.amount());
    return request.build();
  }

  /** One in ten is sent twice at once, to two nodes. */
  private Optional<Payment> create(Sent sent, CreatePaymentRequest request) {
    End<Payment> end =
        dice.nextInt(10) == 0
            ? client.race(
                sent,
                PaymentServiceGrpcClient.CreatePayment,
                request,
                PaymentServiceGrpcClient.CreatePayment,
                request)
            : client.ask(sent, PaymentServiceGrpcClient.CreatePayment, request);
    return end.answer();
  }

  /** Now and then the key comes again: with its request, or with another. */
  private void keyAgain(Sent sent, CreatePaymentRequest request) {
    switch (dice.nextInt(20)) {
      // That it is the same payment is P1, which the client's memory shows.
      case 0 -> client.ask(sent, PaymentServiceGrpcClient.CreatePayment, request);
      case 1 -> {
        CreatePaymentRequest.Builder other = request.toBuilder();
        other.getAmountBuilder().setMinorUnits(sent.amount() + 1);
        operations.mustBeReused(
            sent.key(), client.ask(null, PaymentServiceGrpcClient.CreatePayment, other.build()));
      }
      default -> {}
    }
  }

  /** Every check and no payment: the key must stay unknown. */
  private void onlyValidate(CreatePaymentRequest request) {
    String key = request.getIdempotencyKey() + "-v";
    client
        .ask(
            null,
            PaymentServiceGrpcClient.CreatePayment,
            request.toBuilder().setIdempotencyKey(key).setValidateOnly(true).build())
        .answer()
        .ifPresent(
            shown ->
                client
                    .witness()
                    .require(
                        shown.getPaymentId().isEmpty(), "P3", key, "validate_only made a payment"));
    client
        .witness()
        .require(
            client
                .ask(
                    null,
                    PaymentServiceGrpcClient.LookupPayment,
                    LookupPaymentRequest.newBuilder().setIdempotencyKey(key).build())
                .answer()
                .isEmpty(),
            "P3",
            key,
            "validate_only left a payment");
  }
}
