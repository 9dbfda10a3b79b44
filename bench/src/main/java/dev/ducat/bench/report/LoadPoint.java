package dev.ducat.bench.report;

import io.vertx.core.json.JsonObject;

/** One point of throughput and latency against load. */
public record LoadPoint(int inFlight, double perSecond, double p50Ms, double p99Ms) {
  JsonObject json() {
    return new JsonObject()
        .put("inFlight", inFlight)
        .put("perSecond", perSecond)
        .put("p50Ms", p50Ms)
        .put("p99Ms", p99Ms);
  }

  static LoadPoint parse(JsonObject json) {
    return new LoadPoint(
        json.getInteger("inFlight"),
        json.getDouble("perSecond"),
        json.getDouble("p50Ms"),
        json.getDouble("p99Ms"));
  }
}
