package dev.ducat.gateway;

import dev.ducat.kernel.time.Clock;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.impl.VertxConnection;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop of a port. Several on one port share it: Vert.x hands each new connection to the
 * next of them, and a connection stays with its event loop.
 */
final class EdgeVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeVerticle.class);

  /** HTTP/2 streams of one connection; clients that want more open another connection. */
  private static final int STREAMS_PER_CONNECTION = 1_000;

  /** Metadata of one call. */
  private static final int HEADER_BYTES_MAX = 8 * 1024;

  /** Longer than the longest stream, so that it only ends connections that nobody uses. */
  private static final Duration IDLE_MARGIN = Duration.ofMinutes(5);

  /** What may be under way to us on one connection; a stream alone may have 64 KiB of it. */
  private static final int CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024;

  /** So many answers leave together at most. */
  private static final int FLUSHES_MAX = 256;

  private final GatewaySettings settings;
  private final Clock clock;
  private final Runnable leaving;
  private final Map<String, Rpc> rpcs;
  private final InFlight calls;
  private final InFlight streams;
  private final int port;
  private @Nullable Edge edge;
  private @Nullable HttpServer server;

  /**
   * @param leaving told before this port refuses what is new
   */
  EdgeVerticle(
      GatewaySettings settings,
      Clock clock,
      Runnable leaving,
      Map<String, Rpc> rpcs,
      InFlight calls,
      InFlight streams,
      int port) {
    this.settings = settings;
    this.clock = clock;
    this.leaving = leaving;
    this.rpcs = rpcs;
    this.calls = calls;
    this.streams = streams;
    this.port = port;
  }

  @Override
  public Future<?> start() {
    Edge here = new Edge(vertx, clock, settings.linger());
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
                new Http2Settings()
                    .setMaxConcurrentStreams(STREAMS_PER_CONNECTION)
                    .setMaxHeaderListSize(HEADER_BYTES_MAX));
    HttpServer listening =
        vertx
            .createHttpServer(options)
            // Connections break; what matters of it, each call hears by itself.
            .connectionHandler(
                connection -> {
                  connection.exceptionHandler(broken -> LOG.debug("a connection broke", broken));
                  flushTogether(connection);
                })
            .requestHandler(new FrontGuard(here, rpcs, settings, calls, streams));
    server = listening;
    return listening.listen();
  }

  /**
   * Answers that are ready in one turn of the event loop leave in one piece: a system call for
   * head, message and trailers of each would cost as much as making them.
   */
  private static void flushTogether(HttpConnection connection) {
    if (connection instanceof VertxConnection wire) {
      wire.channel().pipeline().addFirst(new FlushConsolidationHandler(FLUSHES_MAX, true));
    }
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
    leaving.run();
    here.drain();
    return listening.shutdown(settings.drain().toMillis(), TimeUnit.MILLISECONDS);
  }
}
