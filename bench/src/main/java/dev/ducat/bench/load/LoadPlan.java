package dev.ducat.bench.load;

import dev.ducat.bench.Bounds;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * Everything a load process is told. It travels as one JSON argument.
 *
 * @param connections HTTP/2 connections that the calls are spread over
 * @param run distinguishes the keys of this run from those of any other on the same database
 */
public record LoadPlan(
    String host, int port, Workload workload, Pace pace, int connections, long run, Bounds bounds) {

  /** Streams per connection stay well below what servers allow. */
  private static final int STREAMS = 256;

  private static final int CONNECTIONS_MIN = 4;

  /** A plan with as many connections as the calls in flight need. */
  public static LoadPlan of(
      String host, int port, Workload workload, Pace pace, long run, Bounds bounds) {
    int connections =
        switch (pace) {
          case Pace.ClosedLoop closed ->
              Math.min(closed.inFlight(), Math.max(CONNECTIONS_MIN, closed.inFlight() / STREAMS));
          case Pace.OpenLoop open -> 4 * CONNECTIONS_MIN;
        };
    return new LoadPlan(host, port, workload, pace, connections, run, bounds);
  }

  String json() {
    JsonObject json =
        new JsonObject()
            .put("host", host)
            .put("port", port)
            .put("workload", workload.name())
            .put("connections", connections)
            .put("run", run)
            .put("warmUpMs", bounds.warmUp().toMillis())
            .put("measuredMs", bounds.measured().toMillis())
            .put("countMax", bounds.countMax());
    switch (pace) {
      case Pace.ClosedLoop closed -> json.put("inFlight", closed.inFlight());
      case Pace.OpenLoop open -> json.put("perSecond", open.perSecond());
    }
    return json.encode();
  }

  static LoadPlan parse(String text) {
    JsonObject json = new JsonObject(text);
    Pace pace =
        json.containsKey("inFlight")
            ? new Pace.ClosedLoop(json.getInteger("inFlight"))
            : new Pace.OpenLoop(json.getDouble("perSecond"));
    return new LoadPlan(
        json.getString("host"),
        json.getInteger("port"),
        Workload.valueOf(json.getString("workload")),
        pace,
        json.getInteger("connections"),
        json.getLong("run"),
        new Bounds(
            Duration.ofMillis(json.getLong("warmUpMs")),
            Duration.ofMillis(json.getLong("measuredMs")),
            json.getLong("countMax")));
  }
}
