package dev.ducat.launcher.cli;

import dev.ducat.launcher.client.Answer;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "capture",
    description = "Capture an authorized payment, whole or in part.",
    mixinStandardHelpOptions = true)
final class CaptureCommand extends OperationCommand {
  @Option(names = "--amount", description = "Decimal, for example 12.50. Default: all of it.")
  private @Nullable String amount;

  @Option(
      names = "--keep-remainder",
      description = "Keep the rest authorized for further captures, instead of freeing it.")
  private boolean keepRemainder;

  @Override
  int run() {
    CapturePaymentRequest.Builder request =
        CapturePaymentRequest.newBuilder()
            .setPaymentId(paymentId())
            .setIdempotencyKey(key())
            .setKeepRemainder(keepRemainder);
    if (amount != null) {
      request.setAmount(amount(amount));
    }
    Answer<Payment> answer = ask(PaymentServiceGrpcClient.CapturePayment, request.build());
    print(answer);
    return Shown.exitCode(answer.message().getState());
  }
}
