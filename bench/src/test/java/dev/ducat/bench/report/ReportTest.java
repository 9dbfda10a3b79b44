package dev.ducat.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ducat.bench.cost.CostSheet;
import dev.ducat.bench.report.Figure.Verdict;
import dev.ducat.bench.report.Figure.Yardstick;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReportTest {
  private static Report report() {
    Report report = new Report("./ducat bench --quick", "a machine");
    report.add(
        new Figure(
                "payments",
                "payments/s",
                "1/s",
                Spread.of(List.of(900.0, 1_100.0, 1_000.0)),
                new Yardstick("naive", Spread.of(500), Spread.of(List.of(1.9, 2.0, 2.2))),
                "",
                Verdict.NO_TARGET)
            .asked("≥ 1.5 × naive", true));
    report.add(Figure.plain("payments", "p50", "ms", Spread.of(2.5)));
    report.add(new LoadPoint(64, 800, 10, 20));
    report.add(new LoadPoint(256, 1_000, 30, 50));
    Histogram latency = new Histogram(3);
    latency.recordValue(1_500);
    report.latencies("64 in flight", latency);
    report.cost(
        new CostSheet(
            100,
            Map.of("Ducat", 60.0, "Postgres", 40.0),
            new TreeMap<>(Map.of("event loops", 20.0)),
            Map.of("WAL bytes", 6_000.0),
            List.of()));
    return report;
  }

  @Test
  void jsonHasOneObjectForEachFigure() {
    JsonObject figure = report().json().getJsonArray("figures").getJsonObject(0);

    assertThat(figure.fieldNames())
        .containsExactlyInAnyOrder(
            "suite",
            "name",
            "unit",
            "median",
            "min",
            "max",
            "yardstick",
            "yardstickMedian",
            "yardstickMin",
            "yardstickMax",
            "ratio",
            "ratioMin",
            "ratioMax",
            "target",
            "verdict");
    assertThat(figure.getDouble("median")).isEqualTo(1_000);
    assertThat(figure.getDouble("ratio")).isEqualTo(2.0);
    assertThat(figure.getString("verdict")).isEqualTo("REACHED");
  }

  @Test
  void readsBackWhatItWrote(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("figures.json");
    report().write(file);

    assertThat(Report.read(file).json()).isEqualTo(report().json());
  }

  @Test
  void drawsAPictureOfEachKind(@TempDir Path folder) throws IOException {
    Plots.write(report(), folder);

    assertThat(folder.toFile().list())
        .containsExactlyInAnyOrder(
            "throughput.png", "latency.png", "latency-distribution.png", "cost.png");
  }

  @Test
  void writesOnlyTheGeneratedPartOfAPage(@TempDir Path folder) throws IOException {
    Path page =
        Files.writeString(
            folder.resolve("page.md"),
            "# Mine\n" + Tables.BEGIN + "\nold\n" + Tables.END + "\nmine too\n");

    Tables.writeInto(page, report());

    assertThat(Files.readString(page))
        .startsWith("# Mine\n")
        .endsWith(Tables.END + "\nmine too\n")
        .contains("| payments/s | 1,000 1/s |", "reached", "The next gain is in Ducat")
        .doesNotContain("\nold\n");
  }

  @Test
  void refusesAPageWithoutAPlaceForTables(@TempDir Path folder) throws IOException {
    Path page = Files.writeString(folder.resolve("page.md"), "# Mine\n");

    assertThatThrownBy(() -> Tables.writeInto(page, report()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(Tables.BEGIN);
  }

  @Test
  void theMedianOfAnEvenNumberLiesBetweenTheMiddleTwo() {
    assertThat(Spread.of(List.of(4.0, 1.0, 3.0, 2.0))).isEqualTo(new Spread(2.5, 1, 4));
  }
}
