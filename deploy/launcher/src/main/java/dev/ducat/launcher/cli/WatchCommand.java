package dev.ducat.launcher.cli;

import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.WatchPaymentRequest;
import dev.ducat.proto.payments.v1.WatchPaymentResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "watch",
    description = "Print a payment's changes as they happen, until it ends.",
    mixinStandardHelpOptions = true)
final class WatchCommand extends ClientCommand {
  @Parameters(paramLabel = "PAYMENT", description = "The payment's id.")
  private String paymentId = "";

  @Option(
      names = "--after",
      paramLabel = "VERSION",
      description = "Begin after this version instead of with a snapshot.")
  private long after = -1;

  // Written by the event loop that the stream arrives on.
  private volatile PaymentState last = PaymentState.PAYMENT_STATE_UNSPECIFIED;

  @Override
  int run() {
    WatchPaymentRequest.Builder request = WatchPaymentRequest.newBuilder().setPaymentId(paymentId);
    if (after >= 0) {
      request.setAfterVersion(after);
    }
    follow(
        PaymentServiceGrpcClient.WatchPayment,
        request.build(),
        change -> {
          last = change.getPayment().getState();
          out().println(json() ? Shown.json(change) : line(change));
          out().flush();
        });
    return Shown.exitCode(last);
  }

  private static String line(WatchPaymentResponse change) {
    return "%s  v%-3d %-16s %s"
        .formatted(
            Shown.time(change.getPayment().getUpdateTime()),
            change.getPayment().getVersion(),
            Shown.state(change.getPayment().getState()),
            change.hasEvent() ? change.getEvent().getType() : "(as it stands)");
  }
}
