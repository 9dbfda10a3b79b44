package dev.ducat.ledger;

import dev.ducat.kernel.bus.Registration;
import dev.ducat.kernel.lane.Lane;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.shard.UnitOwner;
import dev.ducat.proto.internal.v1.LedgerQueryRequest;
import dev.ducat.proto.internal.v1.LedgerRequest;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The ledger of a node: its lanes, the addresses they serve, and the reads beside them. */
public final class LedgerVerticle extends VerticleBase {
  /** Reads of the books: every node serves them. */
  public static final String QUERY_ADDRESS = "ledger.query";

  private final Node node;
  private final LedgerSettings settings;
  private final List<Lane<LedgerMessage>> lanes = new ArrayList<>();

  /** Touched on this verticle's event loop only. */
  private final Map<Lease, OpenDoor> doors = new HashMap<>();

  /** A door, and its address on the bus. */
  private record OpenDoor(LaneDoor door, Future<Registration> registration) {}

  private Future<Registration> query = Future.failedFuture("not started");
  private final LedgerVerifications verifications;
  private long sweepTimer;

  public LedgerVerticle(Node node, LedgerSettings settings) {
    this.node = node;
    this.settings = settings;
    this.verifications = new LedgerVerifications(node, settings);
  }

  @Override
  public Future<?> start() {
    for (int i = 0; i < settings.lanes(); i++) {
      Lane<LedgerMessage> lane =
          new Lane<>("ledger-" + i, node, vertx, settings.lane(), new LedgerLane(node, settings));
      lane.start();
      lanes.add(lane);
    }
    node.leases().serve(UnitKind.LEDGER_LANE, new Units());
    sweepLater();
    LedgerQueries queries = new LedgerQueries(node);
    query =
        node.bus().serve(QUERY_ADDRESS, LedgerQueryRequest.getDefaultInstance(), queries::answer);
    return query.compose(served -> verifications.serve(vertx));
  }

  @Override
  public Future<?> stop() {
    vertx.cancelTimer(sweepTimer);
    return query
        .compose(Registration::close)
        .transform(closed -> verifications.close())
        .transform(closed -> node.leases().withdraw(UnitKind.LEDGER_LANE))
        .transform(done -> Future.join(lanes.stream().map(Lane::stop).toList()));
  }

  private void sweepLater() {
    sweepTimer =
        vertx.setTimer(
            settings.sweep().toMillis(),
            due -> {
              doors.values().forEach(open -> open.door().sweep());
              sweepLater();
            });
  }

  private final class Units implements UnitOwner {
    @Override
    public Future<Void> acquired(Lease lease) {
      return laneOf(lease).takeOver(lease).compose(loaded -> onEventLoop(() -> open(lease)));
    }

    @Override
    public Future<Void> leaving(Lease lease) {
      return onEventLoop(() -> close(lease)).transform(done -> laneOf(lease).drop(lease));
    }

    @Override
    public void lost(Lease lease) {
      // Whatever is in flight is answered by the lane: it is not the owner any more.
      laneOf(lease).drop(lease);
      onEventLoop(() -> close(lease));
    }
  }

  private Future<Void> open(Lease lease) {
    ShardSettings shards = node.leases().settings();
    LaneDoor door = new LaneDoor(lease, laneOf(lease), shards.units(UnitKind.LEDGER_LANE));
    Future<Registration> registration =
        node.bus().serve(lease.address(), LedgerRequest.getDefaultInstance(), door::answer);
    doors.put(lease, new OpenDoor(door, registration));
    return registration.mapEmpty();
  }

  private Future<Void> close(Lease lease) {
    OpenDoor open = doors.remove(lease);
    if (open == null) {
      return Future.succeededFuture();
    }
    return open.registration()
        .compose(Registration::close)
        .transform(closed -> open.door().drained(node.leases().settings().drain()));
  }

  private Lane<LedgerMessage> laneOf(Lease lease) {
    return lanes.get(lease.unit() % lanes.size());
  }

  private Future<Void> onEventLoop(Supplier<Future<Void>> action) {
    Promise<Void> done = Promise.promise();
    context.runOnContext(now -> action.get().onComplete(done));
    return done.future();
  }
}
