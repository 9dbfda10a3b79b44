package dev.ducat.bench.report;

import dev.ducat.bench.cost.CostSheet;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Everything one call of the bench found out, in the order in which it did. */
public final class Report {
  private static final double[] PERCENTILES = {
    1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 92.5, 95, 97.5, 98, 99, 99.5, 99.9, 99.99, 100
  };

  private final String command;
  private final String machine;
  private final List<Figure> figures = new ArrayList<>();
  private final List<LoadPoint> loadPoints = new ArrayList<>();
  private final Map<String, List<double[]>> latencies = new LinkedHashMap<>();
  private final Map<String, Double> cost = new LinkedHashMap<>();
  private String costText = "";

  /** An empty report of a call. */
  public Report(String command, String machine) {
    this.command = command;
    this.machine = machine;
  }

  public void add(Figure figure) {
    figures.add(figure);
  }

  public void add(LoadPoint point) {
    loadPoints.add(point);
  }

  /** Notes the distribution of a run's latencies. */
  public void latencies(String name, Histogram micros) {
    List<double[]> curve = new ArrayList<>();
    for (double percentile : PERCENTILES) {
      curve.add(new double[] {micros.getValueAtPercentile(percentile) / 1e3, percentile});
    }
    latencies.put(name, curve);
  }

  public void cost(CostSheet sheet) {
    cost.putAll(sheet.cpuMicros());
    costText = sheet.text();
  }

  public String command() {
    return command;
  }

  public String machine() {
    return machine;
  }

  public List<Figure> figures() {
    return List.copyOf(figures);
  }

  public List<LoadPoint> loadPoints() {
    return List.copyOf(loadPoints);
  }

  /** By name: pairs of milliseconds and percentile. */
  public Map<String, List<double[]>> latencies() {
    return new LinkedHashMap<>(latencies);
  }

  /** Microseconds of processor time per payment, by component. */
  public Map<String, Double> cost() {
    return new LinkedHashMap<>(cost);
  }

  public String costText() {
    return costText;
  }

  /** Whether any figure missed its target. */
  public boolean missedAny() {
    return figures.stream().anyMatch(figure -> figure.verdict() == Figure.Verdict.MISSED);
  }

  /** Writes everything as JSON. */
  public void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Files.writeString(file, json().encodePrettily() + "\n");
  }

  JsonObject json() {
    JsonObject curves = new JsonObject();
    latencies.forEach(
        (name, curve) -> {
          JsonArray points = new JsonArray();
          curve.forEach(point -> points.add(new JsonArray().add(point[0]).add(point[1])));
          curves.put(name, points);
        });
    JsonObject costs = new JsonObject();
    cost.forEach(costs::put);
    return new JsonObject()
        .put("command", command)
        .put("machine", machine)
        .put("figures", new JsonArray(figures.stream().map(Figure::json).toList()))
        .put("load", new JsonArray(loadPoints.stream().map(LoadPoint::json).toList()))
        .put("latencies", curves)
        .put("costMicros", costs)
        .put("costText", costText);
  }

  /** Reads what {@link #write} wrote. */
  public static Report read(Path file) throws IOException {
    JsonObject json = new JsonObject(Files.readString(file));
    Report report = new Report(json.getString("command"), json.getString("machine"));
    json.getJsonArray("figures").forEach(one -> report.add(Figure.parse((JsonObject) one)));
    json.getJsonArray("load").forEach(one -> report.add(LoadPoint.parse((JsonObject) one)));
    for (Map.Entry<String, Object> curve : json.getJsonObject("latencies")) {
      List<double[]> points = new ArrayList<>();
      ((JsonArray) curve.getValue())
          .forEach(
              point ->
                  points.add(
                      new double[] {
                        ((JsonArray) point).getDouble(0), ((JsonArray) point).getDouble(1)
                      }));
      report.latencies.put(curve.getKey(), points);
    }
    for (Map.Entry<String, Object> part : json.getJsonObject("costMicros")) {
      report.cost.put(part.getKey(), ((Number) part.getValue()).doubleValue());
    }
    report.costText = json.getString("costText");
    return report;
  }
}
