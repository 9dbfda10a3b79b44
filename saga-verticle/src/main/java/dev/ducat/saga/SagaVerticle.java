package dev.ducat.saga;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.bus.Registration;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.shard.UnitOwner;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.RiskCall;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.saga.connector.Connector;
import dev.ducat.saga.connector.GrpcConnector;
import dev.ducat.saga.connector.GrpcRisk;
import dev.ducat.saga.connector.RemoteSettings;
import dev.ducat.saga.connector.SimulatorConnector;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Runs payments: takes shards over, serves their addresses, and answers reads beside the lanes. One
 * instance per process.
 */
public final class SagaVerticle extends VerticleBase {
  private static final Duration DRAIN_PAUSE = Duration.ofMillis(20);

  private final Node node;
  private final SagaSettings settings;
  private final Map<String, RemoteSettings> remotes;
  private final Map<Integer, List<PaymentSaga.Row>> definitions;
  private final PaymentVersionStore needs;
  private final List<PaymentLane> lanes = new ArrayList<>();
  private final Map<Lease, ShardUnit> units = new ConcurrentHashMap<>();
  private final Map<Lease, Registration> served = new ConcurrentHashMap<>();
  private final List<Registration> local = new ArrayList<>();
  private final List<Connector> connectors = new ArrayList<>();
  private @Nullable GrpcRisk risk;
  private @Nullable KeySweeper sweeper;
  private volatile boolean open = true;

  public SagaVerticle(Node node, SagaSettings settings) {
    this(node, settings, Map.of());
  }

  /**
   * A verticle with connectors in other processes.
   *
   * @param remotes by their names, which {@code settings} knows too; one named {@code simulator}
   *     takes the place of the built-in one
   */
  public SagaVerticle(Node node, SagaSettings settings, Map<String, RemoteSettings> remotes) {
    this(node, settings, remotes, PaymentSaga.DEFINITIONS);
  }

  /** With other definitions than the released ones. */
  SagaVerticle(
      Node node,
      SagaSettings settings,
      Map<String, RemoteSettings> remotes,
      Map<Integer, List<PaymentSaga.Row>> definitions) {
    this.node = node;
    this.settings = settings;
    this.remotes = Map.copyOf(remotes);
    this.definitions = Map.copyOf(definitions);
    this.needs = new PaymentVersionStore(node.queries(), node.leases().settings().shards());
  }

  @Override
  public Future<?> start() {
    PaymentSaga sagas = new PaymentSaga(settings, definitions, row -> {});
    for (int i = 0; i < settings.lanes(); i++) {
      PaymentLane lane = new PaymentLane("payment-" + i, node, vertx, context, settings, sagas);
      lane.start();
      lanes.add(lane);
    }
    PaymentQueries queries = new PaymentQueries(node, settings);
    return startConnectors()
        .compose(
            started ->
                node.bus()
                    .serve(
                        "payment.query", PaymentQueryRequest.getDefaultInstance(), queries::answer))
        .onSuccess(
            registration -> {
              local.add(registration);
              node.leases().serve(UnitKind.PAYMENT_SHARD, new Shards());
              scanLater();
              KeySweeper keys = new KeySweeper(vertx, node, KeySweeper.Pace.of(settings));
              sweeper = keys;
              keys.run();
            });
  }

  /** Withdraws the shards first: each goes back after its calls in flight. */
  @Override
  public Future<?> stop() {
    open = false;
    Future<Void> swept = sweeper == null ? Future.succeededFuture() : sweeper.stop();
    return swept
        .compose(stopped -> node.leases().withdraw(UnitKind.PAYMENT_SHARD))
        .compose(withdrawn -> Future.join(lanes.stream().map(PaymentLane::stop).toList()))
        .compose(stopped -> Future.join(local.stream().map(Registration::close).toList()))
        .compose(closed -> Future.join(connectors.stream().map(Connector::close).toList()))
        .compose(closed -> risk == null ? Future.succeededFuture() : risk.close());
  }

  private Future<Void> startConnectors() {
    remotes.forEach(
        (name, remote) ->
            serve(GrpcConnector.open(name, vertx, node.clock(), node.meters(), remote)));
    RiskTerms terms = settings.risk();
    if (terms != null) {
      GrpcRisk opened = GrpcRisk.open(vertx, node.clock(), node.meters(), terms);
      risk = opened;
      local.add(
          node.bus().serveLocal(GrpcRisk.ADDRESS, RiskCall.getDefaultInstance(), opened::assess));
    }
    if (remotes.containsKey(SimulatorConnector.NAME)) {
      return Future.succeededFuture();
    }
    return vertx
        .executeBlocking(
            () -> SimulatorConnector.start(vertx, node.clock(), settings.simulatorJournal()))
        .onSuccess(this::serve)
        .mapEmpty();
  }

  private void serve(Connector connector) {
    connectors.add(connector);
    local.add(
        node.bus()
            .serveLocal(
                "connector." + connector.name(),
                ConnectorCall.getDefaultInstance(),
                connector::call));
  }

  private PaymentLane laneOf(Lease lease) {
    return lanes.get(lease.unit() % lanes.size());
  }

  private Future<ShardReply> handle(ShardUnit unit, ShardRequest request) {
    PaymentLane lane = laneOf(unit.lease());
    if (unit.isDropped()) {
      return Future.failedFuture(new BusException(BusFailure.NOT_OWNER, unit.stream() + " moved"));
    }
    if (request.hasReport()) {
      return report(lane, unit, request);
    }
    if (request.hasAttend()) {
      return attend(lane, unit, request);
    }
    if (request.hasNudge()) {
      IdKind.SAGA.parse(request.getNudge().getSagaId()).ifPresent(saga -> lane.nudge(unit, saga));
      return Future.succeededFuture(ShardReply.getDefaultInstance());
    }
    PaymentMessage.Asking asking =
        switch (request.getCommandCase()) {
          case CREATE -> new PaymentMessage.Create(unit, request);
          case OPERATE ->
              PaymentId.parse(OperationRules.paymentOf(request.getOperate()))
                  .map(id -> new PaymentMessage.Operate(unit, request, id))
                  .orElse(null);
          case REPORT, NUDGE, ATTEND, COMMAND_NOT_SET -> null;
        };
    if (asking == null) {
      return Future.failedFuture(new IllegalArgumentException("no command"));
    }
    if (!lane.offer(asking)) {
      return Future.failedFuture(new BusException(BusFailure.BUSY, unit.stream() + " is full"));
    }
    if (request.getWaitMs() > 0) {
      long timer = vertx.setTimer(request.getWaitMs(), now -> lane.waitOver(asking));
      asking.reply().future().onComplete(answered -> vertx.cancelTimer(timer));
    }
    return asking.reply().future();
  }

  /** The operation's key begins with its saga's id. */
  private static Future<ShardReply> report(PaymentLane lane, ShardUnit unit, ShardRequest request) {
    String key = request.getReport().getResult().getOperationKey();
    int slash = key.indexOf('/');
    Optional<UUID> saga = IdKind.SAGA.parse(slash < 0 ? key : key.substring(0, slash));
    if (saga.isEmpty()) {
      return Future.succeededFuture(
          ShardReply.newBuilder().setRefusal(Answer.operationNotFound()).build());
    }
    Promise<ShardReply> reply = Promise.promise();
    lane.report(new PaymentMessage.Report(unit, request, saga.get(), reply));
    return reply.future();
  }

  private static Future<ShardReply> attend(PaymentLane lane, ShardUnit unit, ShardRequest request) {
    Optional<UUID> saga = IdKind.SAGA.parse(OperatorRules.sagaOf(request.getAttend()));
    if (saga.isEmpty()) {
      return Future.succeededFuture(
          ShardReply.newBuilder().setRefusal(Answer.sagaNotFound()).build());
    }
    Promise<ShardReply> reply = Promise.promise();
    lane.attend(new PaymentMessage.Attend(unit, request, saga.get(), reply));
    return reply.future();
  }

  private void scanLater() {
    vertx.setTimer(
        settings.scan().toMillis(),
        now -> {
          if (open) {
            units.values().forEach(unit -> laneOf(unit.lease()).scan(unit));
            scanLater();
          }
        });
  }

  /** What happens to a shard as it comes and goes. */
  private final class Shards implements UnitOwner {
    @Override
    public Set<Integer> versions() {
      return definitions.keySet();
    }

    @Override
    public Future<Set<Integer>> beyond(Set<Integer> known) {
      return needs.beyond(known);
    }

    @Override
    public Future<Void> acquired(Lease lease) {
      ShardUnit unit = new ShardUnit(lease);
      units.put(lease, unit);
      return laneOf(lease)
          .takeOver(unit)
          .compose(
              taken ->
                  node.bus()
                      .serve(
                          lease.address(),
                          ShardRequest.getDefaultInstance(),
                          request -> handle(unit, request)))
          .onSuccess(
              registration -> {
                served.put(lease, registration);
                if (unit.isDropped()) {
                  // Lost again while it was being registered.
                  withdraw(lease);
                }
              })
          .mapEmpty();
    }

    @Override
    public Future<Void> leaving(Lease lease) {
      ShardUnit unit = units.get(lease);
      if (unit == null) {
        return Future.succeededFuture();
      }
      long limit = node.clock().monotonicNanos() + node.leases().settings().drain().toNanos();
      return withdraw(lease).compose(withdrawn -> quiet(unit, limit)).compose(quiet -> drop(lease));
    }

    @Override
    public void lost(Lease lease) {
      withdraw(lease);
      drop(lease);
    }

    private Future<Void> withdraw(Lease lease) {
      Registration registration = served.remove(lease);
      return registration == null ? Future.succeededFuture() : registration.close();
    }

    private Future<Void> drop(Lease lease) {
      ShardUnit unit = units.remove(lease);
      return unit == null ? Future.succeededFuture() : laneOf(lease).drop(unit);
    }

    /**
     * Waits until the shard's sagas rest or wait, so that its next owner finds nothing in doubt.
     */
    private Future<Void> quiet(ShardUnit unit, long limitNanos) {
      Promise<Void> quiet = Promise.promise();
      check(unit, limitNanos, quiet);
      return quiet.future();
    }

    private void check(ShardUnit unit, long limitNanos, Promise<Void> quiet) {
      if (unit.isQuiet() || node.clock().monotonicNanos() - limitNanos > 0) {
        quiet.complete();
      } else {
        vertx.setTimer(DRAIN_PAUSE.toMillis(), now -> check(unit, limitNanos, quiet));
      }
    }
  }
}
