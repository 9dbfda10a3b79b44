package dev.ducat.bench.report;

import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * One measured figure and what was asked of it.
 *
 * @param suite of which it is a part
 * @param value of the runs, in {@code unit}
 * @param yardstick what it is compared with, or null
 * @param target in words, or empty
 */
public record Figure(
    String suite,
    String name,
    String unit,
    Spread value,
    @Nullable Yardstick yardstick,
    String target,
    Verdict verdict) {

  /** Whether the target was reached. */
  public enum Verdict {
    REACHED,
    MISSED,
    NO_TARGET
  }

  /**
   * The other side of a comparison.
   *
   * @param value in the unit of the figure
   * @param ratio the figure's median by the yardstick's, and the range over the pairs of runs
   */
  public record Yardstick(String name, Spread value, Spread ratio) {}

  /** A figure nobody asked anything of. */
  public static Figure plain(String suite, String name, String unit, Spread value) {
    return new Figure(suite, name, unit, value, null, "", Verdict.NO_TARGET);
  }

  /** The same figure with a target of its own. */
  public Figure asked(String words, boolean reached) {
    return new Figure(
        suite, name, unit, value, yardstick, words, reached ? Verdict.REACHED : Verdict.MISSED);
  }

  /** One object, as {@code --json} writes it. */
  public JsonObject json() {
    JsonObject json =
        new JsonObject()
            .put("suite", suite)
            .put("name", name)
            .put("unit", unit)
            .put("median", value.median())
            .put("min", value.min())
            .put("max", value.max());
    Yardstick other = yardstick;
    if (other != null) {
      json.put("yardstick", other.name())
          .put("yardstickMedian", other.value().median())
          .put("yardstickMin", other.value().min())
          .put("yardstickMax", other.value().max())
          .put("ratio", other.ratio().median())
          .put("ratioMin", other.ratio().min())
          .put("ratioMax", other.ratio().max());
    }
    return json.put("target", target).put("verdict", verdict.name());
  }

  static Figure parse(JsonObject json) {
    Yardstick other =
        json.containsKey("yardstick")
            ? new Yardstick(
                json.getString("yardstick"),
                spread(json, "yardstickMedian", "yardstickMin", "yardstickMax"),
                spread(json, "ratio", "ratioMin", "ratioMax"))
            : null;
    return new Figure(
        json.getString("suite"),
        json.getString("name"),
        json.getString("unit"),
        spread(json, "median", "min", "max"),
        other,
        json.getString("target"),
        Verdict.valueOf(json.getString("verdict")));
  }

  private static Spread spread(JsonObject json, String median, String min, String max) {
    return new Spread(json.getDouble(median), json.getDouble(min), json.getDouble(max));
  }
}
