package dev.ducat.launcher.cli;

import dev.ducat.proto.payments.v1.ListPaymentsRequest;
import dev.ducat.proto.payments.v1.ListPaymentsResponse;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "list",
    description = "List payments, newest first.",
    mixinStandardHelpOptions = true)
final class ListCommand extends ClientCommand {
  private static final int PAGE_MAX = 1_000;

  @Option(
      names = "--state",
      split = ",",
      paramLabel = "STATE",
      description = "Only in these states, for example failed,settled.")
  private List<String> states = new ArrayList<>();

  @Option(names = "--merchant", defaultValue = "", description = "Only of this merchant.")
  private String merchant = "";

  @Option(names = "--reference", defaultValue = "", description = "Only with this reference.")
  private String reference = "";

  @Option(
      names = "--limit",
      defaultValue = "50",
      paramLabel = "N",
      description = "At most so many. Default: ${DEFAULT-VALUE}.")
  private int limit = 50;

  @Override
  int run() {
    List<Payment> payments = read();
    if (json()) {
      payments.forEach(payment -> out().println(Shown.json(payment)));
      return Shown.DONE;
    }
    Table table = new Table("payment", "state", ">amount", "merchant", "method", "created");
    for (Payment payment : payments) {
      table.row(
          payment.getPaymentId(),
          Shown.state(payment.getState()),
          Shown.money(payment.getAmount()),
          payment.getMerchantAccount(),
          payment.getPaymentMethod(),
          Shown.time(payment.getCreateTime()));
    }
    out().print(table.isEmpty() ? "no payments\n" : table.toString());
    return Shown.DONE;
  }

  private List<Payment> read() {
    List<Payment> payments = new ArrayList<>();
    ListPaymentsRequest.Builder request = ListPaymentsRequest.newBuilder();
    request.getFilterBuilder().setMerchantAccount(merchant).setReference(reference);
    states.forEach(state -> request.getFilterBuilder().addStates(parse(state)));
    do {
      request.setPageSize(Math.min(PAGE_MAX, limit - payments.size()));
      ListPaymentsResponse page =
          ask(PaymentServiceGrpcClient.ListPayments, request.build()).message();
      payments.addAll(page.getPaymentsList());
      request.setPageToken(page.getNextPageToken());
    } while (payments.size() < limit && !request.getPageToken().isEmpty());
    return payments;
  }

  private static PaymentState parse(String state) {
    try {
      return PaymentState.valueOf("PAYMENT_STATE_" + state.strip().toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException unknown) {
      throw new IllegalArgumentException("there is no state " + state, unknown);
    }
  }
}
