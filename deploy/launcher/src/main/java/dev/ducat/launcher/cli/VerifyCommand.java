package dev.ducat.launcher.cli;

import dev.ducat.launcher.node.Logging;
import dev.ducat.proto.operations.v1.LedgerFinding;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcClient;
import dev.ducat.proto.operations.v1.VerifyLedgerRequest;
import dev.ducat.proto.operations.v1.VerifyLedgerResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "verify",
    description = {
      "Recompute the books from their transfers: counters, balances, limits, hash chains.",
      "Asks the operators' port (50052). Exits with 1 when anything does not add up."
    },
    mixinStandardHelpOptions = true)
final class VerifyCommand extends OperatorCommand {
  private static final int WIDTH = 100;

  @Option(
      names = "--books",
      paramLabel = "TENANT",
      defaultValue = "",
      description = "Only this tenant's books. Default: all tenants'.")
  private String books = "";

  // Written by the event loop that the stream arrives on, read when the stream has ended.
  private final List<LedgerFinding> findings = new ArrayList<>();
  private volatile VerifyLedgerResponse last = VerifyLedgerResponse.getDefaultInstance();

  @Override
  int run() {
    VerifyLedgerRequest request = VerifyLedgerRequest.newBuilder().setTenant(books).build();
    try (Bar bar = new Bar(!json() && Logging.onTerminal())) {
      follow(
          OperationsServiceGrpcClient.VerifyLedger,
          request,
          progress -> {
            last = progress;
            findings.addAll(progress.getFindingsList());
            bar.to(progress);
            if (json()) {
              out().println(Shown.json(progress));
              out().flush();
            }
          });
    }
    if (!last.getDone()) {
      err().println("ducat: the books were not verified to the end; that proves nothing");
      return Shown.ERROR;
    }
    if (!json()) {
      print();
    }
    return last.getFindingsTotal() == 0 ? Shown.DONE : Shown.ERROR;
  }

  private void print() {
    long transfers = last.getTransfersChecked();
    long accounts = last.getAccountsChecked();
    if (last.getFindingsTotal() == 0) {
      out().printf("the books are right: %d transfers, %d accounts%n", transfers, accounts);
      return;
    }
    for (LedgerFinding finding : findings) {
      out().println(line(finding));
    }
    out()
        .printf(
            "the books are wrong: %d findings in %d transfers, %d accounts%n",
            last.getFindingsTotal(), transfers, accounts);
  }

  private static String line(LedgerFinding finding) {
    StringBuilder line =
        new StringBuilder(
            finding
                .getKind()
                .name()
                .replaceFirst("^LEDGER_FINDING_KIND_", "")
                .toLowerCase(Locale.ROOT)
                .replace('_', ' '));
    for (String part :
        List.of(
            finding.getTransferId(),
            finding.getTenant(),
            finding.getAccount(),
            finding.getCurrencyCode())) {
      if (!part.isEmpty()) {
        line.append("  ").append(part);
      }
    }
    return line.append("  ").append(finding.getMessage()).toString();
  }

  /** How far it is, on a terminal; nothing elsewhere. */
  private static final class Bar implements AutoCloseable {
    private final @Nullable ProgressBar bar;

    Bar(boolean shown) {
      bar =
          shown
              ? new ProgressBarBuilder()
                  .setTaskName("verifying")
                  .setStyle(ProgressBarStyle.ASCII)
                  .setMaxRenderedLength(WIDTH)
                  .setConsumer(new ConsoleProgressBarConsumer(System.err, WIDTH))
                  .build()
              : null;
    }

    void to(VerifyLedgerResponse progress) {
      if (bar != null) {
        bar.maxHint(progress.getTransfersTotal()).stepTo(progress.getTransfersChecked());
      }
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
