package dev.ducat.launcher.cli;

import dev.ducat.proto.ledger.v1.Transfer;
import dev.ducat.proto.payments.v1.Attempt;
import dev.ducat.proto.payments.v1.ExplainPaymentRequest;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentTimeline;
import dev.ducat.proto.payments.v1.StepPhase;
import dev.ducat.proto.payments.v1.StepRun;
import dev.ducat.proto.payments.v1.TimelineEntry;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "explain",
    description = "Tell everything that happened to a payment, in order of time.",
    mixinStandardHelpOptions = true)
final class ExplainCommand extends ClientCommand {
  @Parameters(paramLabel = "PAYMENT", description = "The payment's id.")
  private String paymentId = "";

  @Override
  int run() {
    PaymentTimeline timeline =
        ask(
                PaymentServiceGrpcClient.ExplainPayment,
                ExplainPaymentRequest.newBuilder().setPaymentId(paymentId).build())
            .message();
    if (json()) {
      out().println(Shown.json(timeline));
      return Shown.DONE;
    }
    out().print(Shown.payment(timeline.getPayment(), false));
    out().println();
    Table table = new Table("time", "what", "");
    for (TimelineEntry entry : timeline.getEntriesList()) {
      table.row(Shown.time(entry.getTime()), what(entry), particulars(entry));
    }
    out().print(table);
    return Shown.DONE;
  }

  private static String what(TimelineEntry entry) {
    return switch (entry.getEntryCase()) {
      case STEP -> "step";
      case ATTEMPT -> "attempt";
      case TRANSFER -> "transfer";
      case EVENT -> "event";
      case WEBHOOK_DELIVERY -> "webhook";
      case ENTRY_NOT_SET -> "";
    };
  }

  private static String particulars(TimelineEntry entry) {
    return switch (entry.getEntryCase()) {
      case STEP -> step(entry.getStep());
      case ATTEMPT -> attempt(entry.getAttempt());
      case TRANSFER -> transfer(entry.getTransfer());
      case EVENT -> entry.getEvent().getVersion() + " " + entry.getEvent().getType();
      case WEBHOOK_DELIVERY -> entry.getWebhookDelivery().getEndpoint();
      case ENTRY_NOT_SET -> "";
    };
  }

  private static String step(StepRun step) {
    return (step.getPhase() == StepPhase.STEP_PHASE_COMPENSATION ? "undo " : "")
        + step.getStep()
        + " "
        + plain(step.getOutcome().name(), "STEP_OUTCOME_")
        + (step.getConnectorReference().isEmpty() ? "" : "  " + step.getConnectorReference())
        + (step.getAttempts() > 1 ? "  attempts " + step.getAttempts() : "")
        + (step.hasNextAttemptTime() ? "  next " + Shown.time(step.getNextAttemptTime()) : "");
  }

  private static String attempt(Attempt attempt) {
    return "%s %d %s  %s"
        .formatted(
            attempt.getStep(),
            attempt.getNumber(),
            plain(attempt.getOutcome().name(), "STEP_OUTCOME_"),
            attempt.getError());
  }

  private static String transfer(Transfer transfer) {
    return "%s %s  %s to %s"
        .formatted(
            plain(transfer.getKind().name(), "TRANSFER_KIND_").replace('_', ' '),
            Shown.money(transfer.getAmount()),
            transfer.getDebitAccount(),
            transfer.getCreditAccount());
  }

  private static String plain(String name, String prefix) {
    String rest = name.substring(prefix.length()).toLowerCase(Locale.ROOT);
    return rest.equals("unspecified") ? "under way" : rest;
  }
}
