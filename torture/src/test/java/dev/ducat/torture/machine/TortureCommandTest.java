package dev.ducat.torture.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The breaking machine itself, for less than a minute: it strikes, it checks, and it says so. */
class TortureCommandTest {
  @TempDir private Path folder;

  @Test
  void everyInvariantHoldsUnderAMixedLoadWithFaults() throws Exception {
    Path results = folder.resolve("results.jsonl");
    Path report = folder.resolve("timeline.png");

    int exit =
        new CommandLine(new TortureCommand())
            .execute(
                "--seed=7",
                "--minutes=0.8",
                "--faults=redis-flush,node-kill",
                "--rate=12",
                "--clients=4",
                "--data=" + folder.resolve("data"),
                "--report=" + report,
                "--results=" + results);

    List<String> lines = Files.readAllLines(results);
    assertThat(lines).hasSize(1);
    JsonObject run = new JsonObject(lines.getFirst());
    assertThat(run.getJsonArray("violations")).isEqualTo(new JsonArray());
    assertThat(run.getLong("payments")).isPositive();
    assertThat(
            run.getJsonArray("faults").stream().map(one -> ((JsonObject) one).getString("fault")))
        .contains("node-kill", "redis-flush");
    assertThat(run.getJsonObject("calls").fieldNames())
        .contains(
            "CreatePayment ok",
            "CreatePayment refused",
            "CapturePayment ok",
            "CancelPayment ok",
            "RefundPayment ok",
            "CreateTransfers ok",
            "GetPayment ok",
            "LookupPayment ok",
            "ListPayments ok",
            "ExplainPayment ok",
            "WatchPayment ok");
    JsonObject unknown = run.getJsonObject("unknown");
    assertThat(unknown.getLong("known_later")).isEqualTo(unknown.getLong("at_first"));
    assertThat(report).isNotEmptyFile();
    assertThat(exit).isZero();
  }

  @Test
  void aFaultThatDoesNotExistIsNamedBeforeAnythingStarts() {
    Path data = folder.resolve("untouched");

    int exit =
        new CommandLine(new TortureCommand())
            .setExitCodeExceptionMapper(failed -> 2)
            .execute("--faults=node-kil", "--data=" + data);

    assertThat(exit).isEqualTo(2);
    assertThat(data).doesNotExist();
  }
}
