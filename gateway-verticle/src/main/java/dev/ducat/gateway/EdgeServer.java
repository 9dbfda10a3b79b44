package dev.ducat.gateway;

import dev.ducat.kernel.time.Clock;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One event loop of a port. Several on one port share it: Vert.x hands each new connection to the
 * next of them, and a connection stays with its event loop.
 */
final class EdgeServer extends VerticleBase {
  /** HTTP/2 streams of one connection; clients that want more open another connection. */
  private static final int STREAMS_PER_CONNECTION = 1_000;

  /** Longer than the longest stream, so that it only ends connections that nobody uses. */
  private static final Duration IDLE_MARGIN = Duration.ofMinutes(5);

  /** What may be under way to us on one connection; a stream alone may have 64 KiB of it. */
  private static final int CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024;

  private final GatewaySettings settings;
  private final Clock clock;
  private final HealthChecks health;
  private final Map<String, Rpc> rpcs;
  private final InFlight calls;
  private final InFlight streams;
  private final int port;
  private @Nullable Edge edge;
  private @Nullable HttpServer server;

  EdgeServer(
      GatewaySettings settings,
      Clock clock,
      HealthChecks health,
      Map<String, Rpc> rpcs,
      InFlight calls,
      InFlight streams,
      int port) {
    this.settings = settings;
    this.clock = clock;
    this.health = health;
    this.rpcs = rpcs;
    this.calls = calls;
    this.streams = streams;
    this.port = port;
  }

  @Override
  public Future<?> start() {
    Edge here = new Edge(vertx, clock);
    edge = here;
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost(settings.host())
            .setPort(port)
            .setHttp2ClearTextEnabled(true)
            .setTcpNoDelay(true)
            .setTcpKeepAlive(true)
            .setIdleTimeoutUnit(TimeUnit.SECONDS)
            .setIdleTimeout((int) settings.streamMax().plus(IDLE_MARGIN).toSeconds())
            .setHttp2ConnectionWindowSize(CONNECTION_WINDOW_BYTES)
            .setInitialSettings(
                new Http2Settings().setMaxConcurrentStreams(STREAMS_PER_CONNECTION));
    HttpServer listening =
        vertx
            .createHttpServer(options)
            .requestHandler(new FrontGuard(here, rpcs, settings, calls, streams));
    server = listening;
    return listening.listen();
  }

  /** The port as asked for; negative = a free one, shared by those with the same number. */
  int port() {
    return port;
  }

  /** The port that is really listened on. */
  int actualPort() {
    return Objects.requireNonNull(server, "not started").actualPort();
  }

  /**
   * Refuses what is new, says so to every connection (GOAWAY), and waits for the calls in flight,
   * but not longer than the drain allows.
   */
  @Override
  public Future<?> stop() {
    Edge here = edge;
    HttpServer listening = server;
    if (here == null || listening == null) {
      return Future.succeededFuture();
    }
    health.drain();
    here.drain();
    return listening.shutdown(settings.drain().toMillis(), TimeUnit.MILLISECONDS);
  }
}
