package dev.ducat.launcher.demo;

import dev.ducat.launcher.check.ClientHistory;
import dev.ducat.launcher.check.ClientHistory.Refused;
import dev.ducat.launcher.check.Finding;
import dev.ducat.launcher.check.InvariantCheck.BookLine;
import dev.ducat.launcher.check.InvariantCheck.Report;
import dev.ducat.launcher.cli.Shown;
import dev.ducat.launcher.cli.Table;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** The end of the demo, in tables. */
final class DemoReport {
  private static final int VIOLATIONS_SHOWN = 5;

  private final Screen screen;
  private final LoadPlan plan;
  private final Tally tally;
  private final Demo.TakeOver takeOver;
  private final ClientHistory history;

  DemoReport(
      Screen screen, LoadPlan plan, Tally tally, Demo.TakeOver takeOver, ClientHistory history) {
    this.screen = screen;
    this.plan = plan;
    this.tally = tally;
    this.takeOver = takeOver;
    this.history = history;
  }

  /**
   * Prints everything.
   *
   * @param byHand what was done one by one
   * @param known what became of the unknown outcomes
   */
  void print(Table byHand, Table known, Report report) {
    kill();
    outcomes();
    latency();
    screen.heading("One by one, what each operation leaves");
    screen.table(byHand);
    screen.heading("Outcomes that the PSP did not tell");
    screen.table(known);
    trialBalance(report.trialBalance());
    events(report.eventsByType());
    invariants(report.findings());
  }

  private void kill() {
    screen.line("");
    screen.line(
        String.format(
            Locale.ROOT,
            "node-2 was killed (SIGKILL) after %d answers. node-1 took its %d units over and served"
                + " everything again after %.1f s.",
            takeOver.atPayments(),
            takeOver.units(),
            seconds(takeOver.until())));
  }

  private void outcomes() {
    screen.heading("Outcomes, as the clients heard them");
    Table table = new Table("method", "outcome", ">answers");
    tally
        .outcomes()
        .forEach(
            (method, outcomes) ->
                new TreeMap<>(outcomes)
                    .forEach((outcome, count) -> table.row(method, outcome, count)));
    screen.table(table);
    long conflicts =
        history.calls().stream()
            .filter(
                call ->
                    call.told() instanceof Refused refused
                        && refused.reason().equals("IDEMPOTENCY_KEY_REUSED"))
            .count();
    screen.line(
        String.format(
            Locale.ROOT,
            "  %d payments asked for %d times: %d answers were replays, %d calls had to be repeated.",
            plan.payments(),
            plan.orders().size(),
            tally.replays(),
            tally.retries()));
    screen.line(
        "  A key reused with another amount: %d of %d refused."
            .formatted(conflicts, plan.conflicts().size()));
  }

  private void latency() {
    screen.heading("Latency until a payment rests, retries included, in ms");
    Table table = new Table("", ">count", ">p50", ">p90", ">p99", ">max");
    row(table, "before the kill", tally.latencyBefore());
    row(table, "after the kill", tally.latencyAfter());
    screen.table(table);
  }

  private static void row(Table table, String name, Histogram histogram) {
    if (histogram.getTotalCount() > 0) {
      table.row(
          name,
          histogram.getTotalCount(),
          ms(histogram.getValueAtPercentile(50)),
          ms(histogram.getValueAtPercentile(90)),
          ms(histogram.getValueAtPercentile(99)),
          ms(histogram.getMaxValue()));
    }
  }

  private static String ms(long micros) {
    return String.format(Locale.ROOT, "%,.1f", micros / 1000.0);
  }

  private void trialBalance(List<BookLine> lines) {
    screen.heading("Trial balance");
    Table table = new Table("account", ">debits", ">credits", ">held", "");
    Map<String, long[]> sums = new TreeMap<>();
    for (BookLine line : lines) {
      row(table, line);
      long[] sum = sums.computeIfAbsent(line.currency(), none -> new long[3]);
      sum[0] += line.debits();
      sum[1] += line.credits();
      sum[2] += line.held();
    }
    sums.forEach(
        (currency, sum) -> row(table, new BookLine("total", currency, sum[0], sum[1], sum[2])));
    screen.table(table);
  }

  private static void row(Table table, BookLine line) {
    table.row(
        line.account(),
        Shown.money(line.currency(), line.debits()),
        Shown.money(line.currency(), line.credits()),
        Shown.money(line.currency(), line.held()),
        line.currency());
  }

  private void events(Map<String, Long> byType) {
    screen.heading("Events in Kafka, as a read_committed consumer sees them");
    Table table = new Table("type", ">count");
    byType.forEach(table::row);
    table.row("total", byType.values().stream().mapToLong(Long::longValue).sum());
    screen.table(table);
  }

  private void invariants(List<Finding> findings) {
    screen.heading("Invariants, audited from outside (SQL, Kafka, the PSP's journal, the clients)");
    Table table = new Table("", "what must hold", ">cases", "");
    for (Finding finding : findings) {
      String verdict = finding.broken() ? "BROKEN" : finding.cases() == 0 ? "no cases" : "holds";
      table.row(finding.id(), finding.promise(), finding.cases(), verdict);
    }
    screen.table(table);
    for (Finding finding : findings) {
      finding.violations().stream()
          .limit(VIOLATIONS_SHOWN)
          .forEach(violation -> screen.line("  " + finding.id() + " is broken: " + violation));
    }
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }
}
