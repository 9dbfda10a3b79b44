package dev.ducat.launcher.cli;

import dev.ducat.kernel.money.Money;
import dev.ducat.launcher.client.Answer;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the commands share that do something about a payment. */
abstract class OperationCommand extends ClientCommand {
  @Parameters(paramLabel = "PAYMENT", description = "The payment's id.")
  private String paymentId = "";

  @Option(
      names = "--key",
      description = "Idempotency key: the same key does it once. Default: a new one.")
  private @Nullable String key;

  final String paymentId() {
    return paymentId;
  }

  final String key() {
    return key == null ? "cli-" + UUID.randomUUID() : key;
  }

  /** An amount in the payment's currency. */
  final dev.ducat.proto.type.v1.Money amount(String decimal) {
    Payment payment =
        ask(
                PaymentServiceGrpcClient.GetPayment,
                GetPaymentRequest.newBuilder().setPaymentId(paymentId).build())
            .message();
    Money money = Money.parse(decimal, payment.getAmount().getCurrencyCode());
    return dev.ducat.proto.type.v1.Money.newBuilder()
        .setCurrencyCode(money.currency())
        .setMinorUnits(money.minorUnits())
        .build();
  }

  final void print(Answer<Payment> answer) {
    if (json() && answer.replayed()) {
      // Not part of the payment, hence not part of its JSON.
      err().println("ducat: replayed");
    }
    out()
        .print(
            json()
                ? Shown.json(answer.message()) + "\n"
                : Shown.payment(answer.message(), answer.replayed()));
  }
}
