package dev.ducat.kernel.testing;

import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.Leases;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.sql.Pools;
import dev.ducat.kernel.time.Clock;
import dev.ducat.kernel.time.SystemClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.time.Duration;

/**
 * A node without verticles: a Vert.x instance of its own, a real database, running leases. Deploy
 * what is tested on {@link #vertx()}; close it at the end. Several nodes on one database are a
 * cluster of separate buses.
 */
public final class TestNode implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Vertx vertx;
  private final Pool leasePool;
  private final Node node;

  private TestNode(
      Vertx vertx, PgSettings postgres, String nodeId, ShardSettings shards, Clock clock) {
    this.vertx = vertx;
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    leasePool = Pools.queries(vertx, postgres, nodeId + "-leases", 2);
    Leases leases = new Leases(leasePool, nodeId, shards, clock, meters);
    Await.result(leases.install(), LIMIT);
    node =
        new Node(
            nodeId,
            clock,
            new Ids(clock),
            Bus.on(vertx),
            leases,
            postgres,
            Pools.queries(vertx, postgres, nodeId, 4),
            meters);
    leases.start();
  }

  /** A node with default settings on a new database. */
  public static TestNode start() {
    return start(TestDatabase.create(), "node-1", ShardSettings.defaults(), new SystemClock());
  }

  /** A node on a database that may have others. */
  public static TestNode start(
      PgSettings postgres, String nodeId, ShardSettings shards, Clock clock) {
    return new TestNode(Vertx.vertx(), postgres, nodeId, shards, clock);
  }

  public Vertx vertx() {
    return vertx;
  }

  public Node node() {
    return node;
  }

  /** Waits for a future, straight-line, in test code. */
  public static <T> T await(Future<T> future) {
    return Await.result(future, LIMIT);
  }

  /** Gives the units back, then closes Vert.x with everything deployed on it. */
  @Override
  public void close() {
    for (UnitKind kind : UnitKind.values()) {
      await(node.leases().withdraw(kind));
    }
    await(node.leases().stop());
    await(node.queries().close());
    await(leasePool.close());
    await(vertx.close());
  }
}
