package dev.ducat.launcher.cli;

import dev.ducat.launcher.client.Answer;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "cancel",
    description = "Free what a payment has authorized and not captured.",
    mixinStandardHelpOptions = true)
final class CancelCommand extends OperationCommand {
  @Option(names = "--reason", defaultValue = "", description = "Why, in your words.")
  private String reason = "";

  @Override
  int run() {
    Answer<Payment> answer =
        ask(
            PaymentServiceGrpcClient.CancelPayment,
            CancelPaymentRequest.newBuilder()
                .setPaymentId(paymentId())
                .setIdempotencyKey(key())
                .setReason(reason)
                .build());
    print(answer);
    PaymentState state = answer.message().getState();
    // Canceled is what was asked for.
    return state == PaymentState.PAYMENT_STATE_CANCELED ? Shown.DONE : Shown.exitCode(state);
  }
}
