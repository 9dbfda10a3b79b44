package dev.ducat.torture.machine;

import dev.ducat.launcher.check.ClientHistory.Receipt;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.GetRefundRequest;
import dev.ducat.proto.payments.v1.ListRefundsRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import java.util.Random;

/** What clients do with a payment they have: capture, cancel, refund, and each of them again. */
final class Operations {
  private final Random dice;
  private final Client client;

  Operations(Random dice, Client client) {
    this.dice = dice;
    this.client = client;
  }

  /** Captures wholly, in part or in parts, cancels, both at once, or leaves it. */
  Payment afterAuthorization(Sent sent, Payment payment) {
    long amount = sent.amount();
    return switch (dice.nextInt(7)) {
      case 0 -> capture(sent, payment, capturing(sent, payment, amount, false, "c"));
      case 1 -> capture(sent, payment, capturing(sent, payment, amount / 2, false, "c"));
      case 2 -> {
        Payment first = capture(sent, payment, capturing(sent, payment, amount / 3, true, "c"));
        yield capture(sent, first, capturing(sent, payment, amount / 3, false, "d"));
      }
      case 3 -> {
        Payment first = capture(sent, payment, capturing(sent, payment, amount / 3, true, "c"));
        yield cancel(sent, first);
      }
      case 4 -> cancel(sent, payment);
      // Exactly one of them wins; that it was one alone shows in P4, P9 and P10.
      case 5 ->
          client
              .race(
                  sent,
                  PaymentServiceGrpcClient.CapturePayment,
                  capturing(sent, payment, amount, false, "c"),
                  PaymentServiceGrpcClient.CancelPayment,
                  canceling(sent, payment))
              .answer()
              .orElse(payment);
      default -> payment;
    };
  }

  /** Several parts, the whole, or twice the whole, of which one must be refused. */
  void refund(Sent sent, Payment payment) {
    long captured = payment.getAmountCaptured().getMinorUnits();
    long amount = dice.nextBoolean() ? captured : Math.max(1, captured / 3);
    for (int number = 0; number < 2; number++) {
      RefundPaymentRequest.Builder draft =
          RefundPaymentRequest.newBuilder()
              .setPaymentId(payment.getPaymentId())
              .setIdempotencyKey(sent.key() + "-r" + number);
      draft.getAmountBuilder().setCurrencyCode("EUR").setMinorUnits(amount);
      RefundPaymentRequest request = draft.build();
      End<Refund> end = give(request);
      if (end instanceof End.Told<Refund>) {
        refundAgain(request);
      }
    }
    client.ask(
        null,
        PaymentServiceGrpcClient.ListRefunds,
        ListRefundsRequest.newBuilder().setPaymentId(payment.getPaymentId()).build());
  }

  /** A key that was used may not do anything else. */
  void mustBeReused(String key, End<?> end) {
    client
        .witness()
        .require(
            end instanceof End.Open || end.refusedWith("IDEMPOTENCY_KEY_REUSED"),
            "P1",
            key,
            "another request under the same key ended with " + end);
  }

  private void refundAgain(RefundPaymentRequest request) {
    switch (dice.nextInt(8)) {
      // That it is the same refund is P1, which the receipts show.
      case 0 -> give(request);
      case 1 -> {
        RefundPaymentRequest other = request.toBuilder().setReason("another").build();
        mustBeReused(
            request.getIdempotencyKey(),
            client.ask(null, PaymentServiceGrpcClient.RefundPayment, other));
      }
      default -> {}
    }
  }

  private End<Refund> give(RefundPaymentRequest request) {
    End<Refund> end = client.ask(null, PaymentServiceGrpcClient.RefundPayment, request);
    end.answer()
        .ifPresent(
            refund -> {
              receipt(request, refund);
              client.ask(
                  null,
                  PaymentServiceGrpcClient.GetRefund,
                  GetRefundRequest.newBuilder().setRefundId(refund.getRefundId()).build());
            });
    return end;
  }

  private void receipt(RefundPaymentRequest request, Refund refund) {
    client
        .witness()
        .history()
        .add(
            new Receipt(
                request.getPaymentId() + "/" + request.getIdempotencyKey(),
                refund.getRefundId(),
                refund.getAmount().getMinorUnits()));
  }

  private Payment capture(Sent sent, Payment payment, CapturePaymentRequest request) {
    End<Payment> end = client.ask(sent, PaymentServiceGrpcClient.CapturePayment, request);
    if (end instanceof End.Told<Payment>) {
      switch (dice.nextInt(8)) {
        case 0 -> end = again(sent, request);
        case 1 -> {
          CapturePaymentRequest.Builder other = request.toBuilder();
          other.getAmountBuilder().setMinorUnits(request.getAmount().getMinorUnits() + 1);
          mustBeReused(
              request.getIdempotencyKey(),
              client.ask(null, PaymentServiceGrpcClient.CapturePayment, other.build()));
        }
        default -> {}
      }
    }
    return end.answer().orElse(payment);
  }

  private End<Payment> again(Sent sent, CapturePaymentRequest request) {
    End<Payment> end = client.ask(sent, PaymentServiceGrpcClient.CapturePayment, request);
    client
        .witness()
        .require(
            !(end instanceof End.Refused),
            "P1",
            request.getIdempotencyKey(),
            "was answered before and is refused now: " + end);
    return end;
  }

  private Payment cancel(Sent sent, Payment payment) {
    return client
        .ask(sent, PaymentServiceGrpcClient.CancelPayment, canceling(sent, payment))
        .answer()
        .orElse(payment);
  }

  private static CancelPaymentRequest canceling(Sent sent, Payment payment) {
    return CancelPaymentRequest.newBuilder()
        .setPaymentId(payment.getPaymentId())
        .setIdempotencyKey(sent.key() + "-x")
        .build();
  }

  private static CapturePaymentRequest capturing(
      Sent sent, Payment payment, long amount, boolean keep, String suffix) {
    CapturePaymentRequest.Builder request =
        CapturePaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setIdempotencyKey(sent.key() + "-" + suffix)
            .setKeepRemainder(keep);
    request.getAmountBuilder().setCurrencyCode("EUR").setMinorUnits(amount);
    return request.build();
  }
}
