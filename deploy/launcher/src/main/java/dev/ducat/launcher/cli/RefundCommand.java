package dev.ducat.launcher.cli;

import dev.ducat.launcher.client.Answer;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "refund",
    description = "Give money of a settled payment back, whole or in part.",
    mixinStandardHelpOptions = true)
final class RefundCommand extends OperationCommand {
  @Option(
      names = "--amount",
      description = "Decimal, for example 12.50. Default: all that is left to give back.")
  private @Nullable String amount;

  @Option(names = "--reason", defaultValue = "", description = "Why, in your words.")
  private String reason = "";

  @Override
  int run() {
    RefundPaymentRequest.Builder request =
        RefundPaymentRequest.newBuilder()
            .setPaymentId(paymentId())
            .setIdempotencyKey(key())
            .setReason(reason);
    if (amount != null) {
      request.setAmount(amount(amount));
    }
    Answer<Refund> answer = ask(PaymentServiceGrpcClient.RefundPayment, request.build());
    Refund refund = answer.message();
    if (json() && answer.replayed()) {
      // Not part of the refund, hence not part of its JSON.
      err().println("ducat: replayed");
    }
    out().print(json() ? Shown.json(refund) + "\n" : shown(refund, answer.replayed()));
    return switch (refund.getState()) {
      case REFUND_STATE_SUCCEEDED -> Shown.DONE;
      case REFUND_STATE_FAILED -> Shown.DECLINED;
      case REFUND_STATE_PENDING -> Shown.RUNNING;
      case REFUND_STATE_NEEDS_ATTENTION, REFUND_STATE_UNSPECIFIED, UNRECOGNIZED -> Shown.ERROR;
    };
  }

  private static String shown(Refund refund, boolean replayed) {
    Table table =
        new Table("", "")
            .row("refund", refund.getRefundId())
            .row("payment", refund.getPaymentId())
            .row("state", refund.getState().name().replaceFirst("^REFUND_STATE_", ""))
            .row("amount", Shown.money(refund.getAmount()));
    if (refund.hasFailure()) {
      table.row("failure", refund.getFailure().getCode() + ": " + refund.getFailure().getMessage());
    }
    return table
        .row("key", refund.getIdempotencyKey() + (replayed ? "  (replayed)" : ""))
        .row("created", Shown.time(refund.getCreateTime()))
        .toString();
  }
}
