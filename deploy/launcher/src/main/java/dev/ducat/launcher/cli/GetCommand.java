package dev.ducat.launcher.cli;

import dev.ducat.launcher.client.Answer;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.LookupPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "get",
    description = "Print a payment as it stands.",
    mixinStandardHelpOptions = true)
final class GetCommand extends ClientCommand {
  @ArgGroup(multiplicity = "1")
  private Which which = new Which();

  static final class Which {
    @Parameters(paramLabel = "PAYMENT", description = "The payment's id.")
    private @Nullable String paymentId;

    @Option(names = "--key", description = "The key it was created with.")
    private @Nullable String key;
  }

  @Override
  int run() {
    String id = which.paymentId;
    String key = which.key;
    Answer<Payment> answer =
        id != null
            ? ask(
                PaymentServiceGrpcClient.GetPayment,
                GetPaymentRequest.newBuilder().setPaymentId(id).build())
            : ask(
                PaymentServiceGrpcClient.LookupPayment,
                LookupPaymentRequest.newBuilder()
                    .setIdempotencyKey(key == null ? "" : key)
                    .build());
    out()
        .print(
            json() ? Shown.json(answer.message()) + "\n" : Shown.payment(answer.message(), false));
    return Shown.exitCode(answer.message().getState());
  }
}
