package dev.ducat.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler.LegendPosition;

/** A report as pictures; those without data are left out. */
public final class Plots {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 520;

  private Plots() {}

  /** Writes PNG files into a folder. */
  public static void write(Report report, Path folder) throws IOException {
    Files.createDirectories(folder);
    if (!report.loadPoints().isEmpty()) {
      save(throughput(report), folder.resolve("throughput.png"));
      save(latency(report), folder.resolve("latency.png"));
    }
    if (!report.latencies().isEmpty()) {
      save(distribution(report), folder.resolve("latency-distribution.png"));
    }
    if (!report.cost().isEmpty()) {
      save(cost(report), folder.resolve("cost.png"));
    }
  }

  private static XYChart throughput(Report report) {
    XYChart chart = xy("Payments per second, end to end", "payments in flight", "payments/s");
    chart.getStyler().setXAxisLogarithmic(true).setLegendVisible(false);
    chart.addSeries(
        "payments/s",
        report.loadPoints().stream().map(LoadPoint::inFlight).toList(),
        report.loadPoints().stream().map(LoadPoint::perSecond).toList());
    return chart;
  }

  private static XYChart latency(Report report) {
    XYChart chart = xy("Latency of CreatePayment", "payments in flight", "ms");
    chart.getStyler().setXAxisLogarithmic(true);
    List<Integer> inFlight = report.loadPoints().stream().map(LoadPoint::inFlight).toList();
    chart.addSeries("p50", inFlight, report.loadPoints().stream().map(LoadPoint::p50Ms).toList());
    chart.addSeries("p99", inFlight, report.loadPoints().stream().map(LoadPoint::p99Ms).toList());
    return chart;
  }

  private static XYChart distribution(Report report) {
    XYChart chart = xy("Share of payments answered within", "ms", "%");
    chart.getStyler().setXAxisLogarithmic(true);
    report
        .latencies()
        .forEach(
            (name, curve) ->
                chart.addSeries(
                    name,
                    curve.stream().map(point -> Math.max(point[0], 0.01)).toList(),
                    curve.stream().map(point -> point[1]).toList()));
    return chart;
  }

  private static CategoryChart cost(Report report) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Processor time of one payment")
            .xAxisTitle("component")
            .yAxisTitle("µs")
            .build();
    chart.getStyler().setLegendVisible(false);
    chart.addSeries(
        "µs", new ArrayList<>(report.cost().keySet()), new ArrayList<>(report.cost().values()));
    return chart;
  }

  private static XYChart xy(String title, String x, String y) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    chart.getStyler().setYAxisMin(0.0).setLegendPosition(LegendPosition.InsideNW);
    return chart;
  }

  private static void save(Chart<?, ?> chart, Path file) throws IOException {
    ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", file.toFile());
  }
}
