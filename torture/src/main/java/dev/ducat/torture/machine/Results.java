package dev.ducat.torture.machine;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The file in which runs gather, a line of JSON each, over as many sittings as it takes. */
final class Results {
  private final Path file;

  Results(Path file) {
    this.file = file;
  }

  /** All runs so far. */
  List<JsonObject> read() throws IOException {
    return Files.exists(file)
        ? Files.readAllLines(file).stream()
            .filter(line -> !line.isBlank())
            .map(JsonObject::new)
            .toList()
        : List.of();
  }

  /** Whether such a run is there already. */
  boolean has(Run.Settings settings) throws IOException {
    return read().stream().anyMatch(settings::madeBy);
  }

  void add(JsonObject line) throws IOException {
    Files.writeString(
        file, line.encode() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** Two tables in Markdown: the runs, and what each fault cost. */
  String tables() throws IOException {
    StringBuilder out =
        new StringBuilder(
            """
            | seed | version | minutes | payments/s asked | payments | calls | create p50 / p99 | unknown at first | known later | faults | violations |
            |---|---|---|---|---|---|---|---|---|---|---|
            """);
    Map<String, List<JsonObject>> byFault = new TreeMap<>();
    for (JsonObject run : read()) {
      JsonArray faults = run.getJsonArray("faults");
      faults.stream()
          .map(JsonObject.class::cast)
          .forEach(
              hit ->
                  byFault
                      .computeIfAbsent(hit.getString("fault"), none -> new ArrayList<>())
                      .add(hit));
      JsonObject calls = run.getJsonObject("calls");
      long all = calls.fieldNames().stream().mapToLong(calls::getLong).sum();
      JsonObject unknown = run.getJsonObject("unknown");
      JsonObject create = run.getJsonObject("create_ms");
      out.append(
          "| %d | %s | %s | %d | %,d | %,d | %s / %s ms | %d | %d | %d | %d |%n"
              .formatted(
                  run.getLong("seed"),
                  run.getString("version"),
                  run.getDouble("minutes"),
                  run.getInteger("rate"),
                  run.getLong("payments"),
                  all,
                  create.getDouble("p50"),
                  create.getDouble("p99"),
                  unknown.getLong("at_first"),
                  unknown.getLong("known_later"),
                  faults.size(),
                  run.getJsonArray("violations").size()));
    }
    if (!byFault.isEmpty()) {
      out.append(
          """

          | fault | times | goodput fell | recovery median | recovery worst | longest wait of a client |
          |---|---|---|---|---|---|
          """);
      byFault.forEach((name, hits) -> out.append(row(name, hits)));
    }
    return out.toString();
  }

  private static String row(String name, List<JsonObject> hits) {
    List<Double> recoveries =
        hits.stream()
            .map(hit -> hit.getDouble("recovery_s"))
            .map(one -> one == null ? Double.POSITIVE_INFINITY : one)
            .sorted()
            .toList();
    return "| `%s` | %d | %d | %s | %s | %s |%n"
        .formatted(
            name,
            hits.size(),
            hits.stream().filter(hit -> hit.getBoolean("dipped")).count(),
            seconds(median(recoveries)),
            seconds(recoveries.getLast()),
            seconds(
                hits.stream().mapToDouble(hit -> hit.getDouble("longest_wait_s")).max().orElse(0)));
  }

  private static double median(List<Double> sorted) {
    int size = sorted.size();
    return (sorted.get((size - 1) / 2) + sorted.get(size / 2)) / 2;
  }

  private static String seconds(double value) {
    return Double.isInfinite(value)
        ? "not before the end"
        : value == 0 ? "none" : String.format(Locale.ROOT, "%.2f s", value);
  }
}
