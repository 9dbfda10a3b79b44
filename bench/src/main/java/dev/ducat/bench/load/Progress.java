package dev.ducat.bench.load;

import io.vertx.core.json.JsonObject;

/**
 * How a run is going, once a second.
 *
 * @param seconds since its beginning, warm-up included
 * @param perSecond good operations in the last second
 * @param bad calls since the last report that failed or answered something else
 */
public record Progress(
    double seconds, double perSecond, long p50Micros, long p99Micros, long bad, long inFlight) {

  String json() {
    return new JsonObject()
        .put("seconds", seconds)
        .put("perSecond", perSecond)
        .put("p50Micros", p50Micros)
        .put("p99Micros", p99Micros)
        .put("bad", bad)
        .put("inFlight", inFlight)
        .encode();
  }

  static Progress parse(JsonObject json) {
    return new Progress(
        json.getDouble("seconds"),
        json.getDouble("perSecond"),
        json.getLong("p50Micros"),
        json.getLong("p99Micros"),
        json.getLong("bad"),
        json.getLong("inFlight"));
  }
}
