package dev.ducat.launcher.cli;

import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.launcher.psp.Conformance;
import dev.ducat.launcher.psp.Verdict;
import dev.ducat.launcher.psp.Verdict.Result;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "conformance",
    description = {
      "Hold a PSP adapter against what ConnectorService promises.",
      "",
      "It authorizes, captures, voids and refunds small amounts: use a PSP's test account. Exits with 0"
          + " when nothing failed, else with 1."
    },
    mixinStandardHelpOptions = true)
final class ConformanceCommand implements Callable<Integer> {
  @Parameters(paramLabel = "HOST:PORT", description = "The adapter.")
  private String address = "";

  @Option(
      names = "--method",
      paramLabel = "TOKEN",
      defaultValue = "sim_ok",
      description = "A payment method that is authorized at once. Default: ${DEFAULT-VALUE}.")
  private String method = "sim_ok";

  @Option(
      names = "--declined-method",
      paramLabel = "TOKEN",
      description = "One that is declined. Default: none, the check is left out.")
  private @Nullable String declinedMethod;

  @Option(
      names = "--currency",
      paramLabel = "CODE",
      defaultValue = "EUR",
      description = "What is paid in; 10.00 at a time. Default: ${DEFAULT-VALUE}.")
  private String currency = "EUR";

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description = "How long to wait for an answer. Default: ${DEFAULT-VALUE}.")
  private int timeoutSeconds = 10;

  @Option(names = "--json", description = "Print JSON, one object per check.")
  private boolean json;

  // Replaced by picocli.
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    List<Verdict> verdicts;
    try (DucatClient client = new DucatClient("conformance")) {
      verdicts =
          Conformance.check(
              client,
              Addresses.parse(address),
              new Conformance.Options(
                  method,
                  declinedMethod,
                  currency,
                  currency.equals("USD") ? "EUR" : "USD",
                  Duration.ofSeconds(timeoutSeconds),
                  UUID.randomUUID().toString()));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(json ? asJson(verdicts) : asTable(verdicts));
    out.flush();
    return verdicts.stream().anyMatch(each -> each.result() == Result.FAILED)
        ? Shown.ERROR
        : Shown.DONE;
  }

  private static String asTable(List<Verdict> verdicts) {
    Table table = new Table("", "check", "got");
    verdicts.forEach(each -> table.row(word(each.result()), each.name(), each.got()));
    StringBuilder text = new StringBuilder(table.toString());
    for (Verdict each : verdicts) {
      if (each.result() == Result.FAILED) {
        text.append("\n%s\n".formatted(each.name()));
        text.append(
            new Table("", "")
                .row("  asked", each.asked())
                .row("  expected", each.expected())
                .row("  got", each.got()));
      }
    }
    return text.append(
            "\n%d passed, %d failed, %d skipped\n"
                .formatted(
                    count(verdicts, Result.PASSED),
                    count(verdicts, Result.FAILED),
                    count(verdicts, Result.SKIPPED)))
        .toString();
  }

  private static long count(List<Verdict> verdicts, Result result) {
    return verdicts.stream().filter(each -> each.result() == result).count();
  }

  private static String word(Result result) {
    return switch (result) {
      case PASSED -> "ok";
      case FAILED -> "FAILED";
      case SKIPPED -> "skipped";
    };
  }

  private static String asJson(List<Verdict> verdicts) {
    StringBuilder lines = new StringBuilder();
    for (Verdict each : verdicts) {
      JsonObject line =
          new JsonObject()
              .put("check", each.name())
              .put("result", each.result().name().toLowerCase(Locale.ROOT))
              .put("asked", each.asked())
              .put("expected", each.expected())
              .put("got", each.got());
      lines.append(line.encode()).append('\n');
    }
    return lines.toString();
  }
}
