package dev.ducat.launcher.node;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Map;

/**
 * {@code /health/live}, {@code /health/ready} and {@code /metrics}. Up before the verticles and
 * until after them, so that a node that starts or drains can be told from a dead one.
 */
final class HealthServer {
  /** An event loop that is silent for longer is blocked for good. */
  private static final Duration SILENCE_MAX = Duration.ofSeconds(5);

  private final HttpServer server;
  private final Pulse pulse;
  private final PrometheusMeterRegistry meters;
  private final Readiness readiness;
  private volatile boolean draining;

  private HealthServer(
      HttpServer server, Pulse pulse, PrometheusMeterRegistry meters, Readiness readiness) {
    this.server = server;
    this.pulse = pulse;
    this.meters = meters;
    this.readiness = readiness;
  }

  static Future<HealthServer> start(
      Vertx vertx,
      String host,
      int port,
      Pulse pulse,
      PrometheusMeterRegistry meters,
      Readiness readiness) {
    HttpServer server = vertx.createHttpServer();
    HealthServer health = new HealthServer(server, pulse, meters, readiness);
    return server.requestHandler(health::answer).listen(port, host).map(listening -> health);
  }

  int port() {
    return server.actualPort();
  }

  /** From now on this node is not ready: no more traffic should come. */
  void drain() {
    draining = true;
  }

  Future<Void> close() {
    return server.close();
  }

  private void answer(HttpServerRequest request) {
    HttpServerResponse response = request.response();
    switch (request.path()) {
      case "/health/live" ->
          report(
              response,
              pulse.beatWithin(SILENCE_MAX)
                  ? Map.of()
                  : Map.of("event loops", "one has not run a task for 5 s"));
      case "/health/ready" -> {
        if (draining) {
          report(response, Map.of("node", "draining"));
        } else {
          readiness.ofOwnUnits().onSuccess(found -> report(response, found.problems()));
        }
      }
      case "/metrics" ->
          response
              .putHeader("content-type", "text/plain; version=0.0.4; charset=utf-8")
              .end(meters.scrape());
      default -> response.setStatusCode(404).end();
    }
  }

  private static void report(HttpServerResponse response, Map<String, String> problems) {
    JsonObject body = new JsonObject().put("status", problems.isEmpty() ? "UP" : "DOWN");
    if (!problems.isEmpty()) {
      JsonObject named = new JsonObject();
      problems.forEach(named::put);
      body.put("problems", named);
    }
    response
        .setStatusCode(problems.isEmpty() ? 200 : 503)
        .putHeader("content-type", "application/json")
        .end(body.encode() + "\n");
  }
}
