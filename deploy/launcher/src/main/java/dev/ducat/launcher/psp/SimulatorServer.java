package dev.ducat.launcher.psp;

import dev.ducat.gateway.ConnectorServer;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.time.Clock;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.proto.connector.v1.Capabilities;
import dev.ducat.proto.connector.v1.ConnectorCallbackServiceGrpcClient;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.ReportOperationRequest;
import dev.ducat.proto.connector.v1.SettlementMode;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.saga.connector.SimulatorConnector;
import dev.ducat.saga.connector.SimulatorConnector.Report;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The simulated PSP as a process of its own, called by any number of nodes. */
public final class SimulatorServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SimulatorServer.class);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration REPORT_MAX = Duration.ofSeconds(5);

  /** A report is repeated until it is heard, or Ducat has asked long since. */
  private static final int REPORTS_MAX = 60;

  private static final Duration REPORT_AGAIN = Duration.ofSeconds(1);

  /**
   * Whom the simulator reports to.
   *
   * @param connector its name there
   * @param payout how long after a capture its settlement is reported; null: it settles with the
   *     capture
   */
  public record Ducat(SocketAddress address, String connector, @Nullable Duration payout) {}

  private final Vertx vertx = Vertx.vertx();

  /** By tenant; they end with Vert.x. */
  private final Map<String, DucatClient> clients = new ConcurrentHashMap<>();

  private final SimulatorConnector simulator;
  private final ConnectorServer server;

  private SimulatorServer(String host, int port, Path journal, @Nullable Ducat ducat) {
    Clock clock = new SystemClock();
    try {
      this.simulator =
          SimulatorConnector.start(
              vertx, clock, journal, report -> vertx.runOnContext(now -> tell(ducat, report, 1)));
    } catch (IOException unusable) {
      throw new UncheckedIOException("cannot use " + journal, unusable);
    }
    this.server =
        Await.result(
            ConnectorServer.start(
                vertx,
                clock,
                host,
                port,
                capabilities(ducat),
                call -> simulator.call(call).onSuccess(told -> payOut(ducat, call, told))),
            PATIENCE);
  }

  private static Capabilities capabilities(@Nullable Ducat ducat) {
    Capabilities promised = SimulatorConnector.capabilities();
    return ducat == null || ducat.payout() == null
        ? promised
        : promised.toBuilder().setSettlementMode(SettlementMode.SETTLEMENT_MODE_REPORTED).build();
  }

  /**
   * Starts it; blocks until it serves.
   *
   * @param ducat null to report to nobody
   */
  public static SimulatorServer start(String host, int port, Path journal, @Nullable Ducat ducat) {
    return new SimulatorServer(host, port, journal, ducat);
  }

  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    Await.result(server.close(), PATIENCE);
    Await.result(simulator.close(), PATIENCE);
    Await.result(vertx.close(), PATIENCE);
  }

  /** Reports that a capture is settled, as often as it is told that it was made: harmless. */
  private void payOut(@Nullable Ducat ducat, ConnectorCall call, OperationResult told) {
    Duration payout = ducat == null ? null : ducat.payout();
    if (payout == null
        || !told.hasDone()
        || told.getKind() != OperationKind.OPERATION_KIND_CAPTURE) {
      return;
    }
    OperationResult settled =
        told.toBuilder().setKind(OperationKind.OPERATION_KIND_SETTLEMENT).build();
    Report report =
        call.hasCapture()
            ? new Report(call.getCapture().getTenant(), call.getCapture().getPaymentId(), settled)
            : new Report(
                call.getGetOperation().getTenant(), call.getGetOperation().getPaymentId(), settled);
    vertx.setTimer(Math.max(1, payout.toMillis()), now -> tell(ducat, report, 1));
  }

  private void tell(@Nullable Ducat ducat, Report report, int attempt) {
    if (ducat == null) {
      return;
    }
    clients
        .computeIfAbsent(report.tenant(), tenant -> DucatClient.on(vertx, tenant))
        .call(
            ducat.address(),
            ConnectorCallbackServiceGrpcClient.ReportOperation,
            ReportOperationRequest.newBuilder()
                .setConnector(ducat.connector())
                .setTenant(report.tenant())
                .setPaymentId(report.paymentId())
                .setResult(report.result())
                .build(),
            REPORT_MAX)
        .onComplete(
            told -> {
              if (told.failed() && attempt < REPORTS_MAX) {
                vertx.setTimer(REPORT_AGAIN.toMillis(), now -> tell(ducat, report, attempt + 1));
              } else if (told.failed()) {
                LOG.warn("a report was not heard: {}", told.cause().getMessage());
              }
            });
  }
}
