package dev.ducat.torture.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs gather in a file over several sittings, and the tables are made of it. */
final class ResultsTest {
  private static final Run.Settings SEVEN =
      new Run.Settings(7, 10, List.of("node-kill", "redis-flush"), 20, 8);

  @TempDir private Path folder;

  private static JsonObject line(Run.Settings settings, JsonObject... faults) {
    JsonArray hits = new JsonArray();
    List.of(faults).forEach(hits::add);
    return settings
        .json()
        .put("version", "abc")
        .put("payments", 12_000)
        .put("calls", new JsonObject().put("CreatePayment ok", 12_000).put("GetPayment ok", 345))
        .put("create_ms", new JsonObject().put("p50", 11.5).put("p99", 310.0))
        .put("unknown", new JsonObject().put("at_first", 9).put("known_later", 9))
        .put("faults", hits)
        .put("violations", new JsonArray());
  }

  private static JsonObject hit(String fault, double recovery, double wait) {
    return new JsonObject()
        .put("fault", fault)
        .put("dipped", recovery > 0)
        .put("recovery_s", recovery)
        .put("longest_wait_s", wait);
  }

  @Test
  void aRunThatIsThereIsKnownByWhatWasAskedFor() throws Exception {
    Results results = new Results(folder.resolve("results.jsonl"));
    assertThat(results.has(SEVEN)).isFalse();

    results.add(line(SEVEN));

    assertThat(results.has(SEVEN)).isTrue();
    assertThat(results.has(new Run.Settings(8, 10, SEVEN.faults(), 20, 8))).isFalse();
    assertThat(results.has(new Run.Settings(7, 10, List.of(), 20, 8))).isFalse();
  }

  @Test
  void theTablesHaveARowForEachRunAndEachFault() throws Exception {
    Results results = new Results(folder.resolve("results.jsonl"));
    results.add(line(SEVEN, hit("node-kill", 6.25, 7), hit("redis-flush", 0, 0.04)));
    results.add(
        line(
            new Run.Settings(8, 10, SEVEN.faults(), 20, 8),
            hit("node-kill", 5.5, 8.5),
            hit("node-kill", 6.5, 6)));

    assertThat(results.tables().lines())
        .contains(
            "| 7 | abc | 10.0 | 20 | 12,000 | 12,345 | 11.5 / 310.0 ms | 9 | 9 | 2 | 0 |",
            "| `node-kill` | 3 | 3 | 6.25 s | 6.50 s | 8.50 s |",
            "| `redis-flush` | 1 | 0 | none | none | 0.04 s |");
  }
}
