package dev.ducat.launcher.cli;

import com.google.protobuf.Duration;
import dev.ducat.kernel.money.Money;
import dev.ducat.launcher.client.Answer;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "pay",
    description = "Create a payment and print what became of it.",
    mixinStandardHelpOptions = true)
final class PayCommand extends ClientCommand {
  @Option(names = "--amount", required = true, description = "Decimal, for example 12.50.")
  private String amount = "";

  @Option(names = "--currency", required = true, description = "ISO 4217, for example EUR.")
  private String currency = "";

  @Option(names = "--method", required = true, description = "Payment method, for example sim_ok.")
  private String method = "";

  @Option(names = "--merchant", required = true, description = "Merchant account.")
  private String merchant = "";

  @Option(
      names = "--key",
      description = "Idempotency key: the same key pays once. Default: a new one, printed.")
  private @Nullable String key;

  @Option(names = "--reference", defaultValue = "", description = "Your own name for the payment.")
  private String reference = "";

  @Option(
      names = "--connector",
      paramLabel = "NAME",
      defaultValue = "",
      description = "Which PSP. Default: the installation's choice.")
  private String connector = "";

  @Option(
      names = "--wait",
      paramLabel = "SECONDS",
      description = "How long the payment may take before it is printed as it stands.")
  private @Nullable Integer waitSeconds;

  @Option(
      names = "--manual-capture",
      description = "Only authorize; ducat capture or ducat cancel does the rest.")
  private boolean manualCapture;

  @Override
  int run() {
    Money money = Money.parse(amount, currency);
    CreatePaymentRequest.Builder request =
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey(key == null ? "cli-" + UUID.randomUUID() : key)
            .setPaymentMethod(method)
            .setMerchantAccount(merchant)
            .setReference(reference)
            .setConnector(connector);
    request.getAmountBuilder().setCurrencyCode(money.currency()).setMinorUnits(money.minorUnits());
    if (manualCapture) {
      request.setCaptureMode(CaptureMode.CAPTURE_MODE_MANUAL);
    }
    if (waitSeconds != null) {
      request.setMaxWait(Duration.newBuilder().setSeconds(waitSeconds));
    }
    Answer<Payment> answer = ask(PaymentServiceGrpcClient.CreatePayment, request.build());
    if (json() && answer.replayed()) {
      // Not part of the payment, hence not part of its JSON.
      err().println("ducat: replayed");
    }
    out()
        .print(
            json()
                ? Shown.json(answer.message()) + "\n"
                : Shown.payment(answer.message(), answer.replayed()));
    return Shown.exitCode(answer.message().getState());
  }
}
