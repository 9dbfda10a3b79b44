package dev.ducat.bench.cost;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/**
 * What one payment costs. All numbers are per payment, over one run at full load.
 *
 * @param cpuMicros processor time by component
 * @param threadMicros of the node's, by kind of thread; empty where the system does not say
 * @param counts rows, commits, bytes and the like, by name
 * @param statements the database's dearest statements
 */
public record CostSheet(
    long payments,
    Map<String, Double> cpuMicros,
    SortedMap<String, Double> threadMicros,
    Map<String, Double> counts,
    List<Statement> statements) {

  private static final int SHOWN = 14;
  private static final int TEXT_MAX = 90;

  /**
   * One statement.
   *
   * @param calls per payment
   * @param micros of execution per payment, waiting included
   * @param rows per payment
   * @param walBytes per payment
   */
  public record Statement(String text, double calls, double micros, double rows, double walBytes) {}

  /** For people. */
  public String text() {
    StringBuilder out = new StringBuilder();
    out.append(String.format(Locale.ROOT, "Cost of one payment (mean of %,d)%n%n", payments));
    double total = cpuMicros.values().stream().mapToDouble(Double::doubleValue).sum();
    out.append(String.format(Locale.ROOT, "  processor time %27.1f us%n", total));
    cpuMicros.forEach(
        (name, micros) ->
            out.append(
                String.format(
                    Locale.ROOT,
                    "    %-30s %7.1f us %3.0f %%%n",
                    name,
                    micros,
                    100 * micros / total)));
    if (!threadMicros.isEmpty()) {
      out.append(String.format("  of which in Ducat%n"));
      threadMicros.entrySet().stream()
          .filter(one -> one.getValue() >= 0.1)
          .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
          .forEach(one -> line(out, one.getKey(), one.getValue(), "us"));
    }
    out.append(String.format("  counted%n"));
    counts.forEach((name, count) -> line(out, name, count, ""));
    if (!statements.isEmpty()) {
      out.append(
          String.format("  statements by time%n     us   calls   rows   WAL B  statement%n"));
      statements.stream()
          .limit(SHOWN)
          .forEach(
              one ->
                  out.append(
                      String.format(
                          Locale.ROOT,
                          "  %5.1f %7.4f %6.2f %7.0f  %s%n",
                          one.micros(),
                          one.calls(),
                          one.rows(),
                          one.walBytes(),
                          one.text().length() > TEXT_MAX
                              ? one.text().substring(0, TEXT_MAX)
                              : one.text())));
    }
    return out.append(next()).toString();
  }

  /** Where the next gain is: the dearest part, and within it the dearest again. */
  public String next() {
    String part = dearest(cpuMicros);
    String inside =
        switch (part) {
          case "Ducat" -> threadMicros.isEmpty() ? "" : dearest(threadMicros);
          case "Postgres" -> statements.isEmpty() ? "" : statements.getFirst().text();
          default -> "";
        };
    return String.format(
        Locale.ROOT,
        "The next gain is in %s: %.1f us of a payment's %.1f%s%n",
        part,
        cpuMicros.getOrDefault(part, 0.0),
        cpuMicros.values().stream().mapToDouble(Double::doubleValue).sum(),
        inside.isEmpty() ? "" : ", most of it in " + inside);
  }

  private static String dearest(Map<String, Double> parts) {
    return parts.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse("nothing");
  }

  private static void line(StringBuilder out, String name, double value, String unit) {
    out.append(
        String.format(
            Locale.ROOT,
            value < 10 ? "    %-38s %9.3f %s%n" : "    %-38s %9.1f %s%n",
            name,
            value,
            unit));
  }
}
