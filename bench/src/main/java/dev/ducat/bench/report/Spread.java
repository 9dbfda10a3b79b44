package dev.ducat.bench.report;

import java.util.List;

/** Median and range of a few runs. */
public record Spread(double median, double min, double max) {

  /** Of at least one value; of an even number the median is the mean of the two in the middle. */
  public static Spread of(List<Double> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("no values");
    }
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    double median =
        sorted.size() % 2 == 1
            ? sorted.get(middle)
            : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    return new Spread(median, sorted.getFirst(), sorted.getLast());
  }

  public static Spread of(double value) {
    return new Spread(value, value, value);
  }
}
