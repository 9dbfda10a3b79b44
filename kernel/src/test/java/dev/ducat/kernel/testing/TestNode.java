package dev.ducat.kernel.testing;

import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.Leases;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.DatabaseRole;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.sql.Pools;
import dev.ducat.kernel.time.Clock;
import dev.ducat.kernel.time.SystemClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A node without verticles: a real database and running leases. {@link #deploy} what is tested;
 * close it at the end. It runs on the Vert.x of the test extension, and a second node on the same
 * database on one of its own: each process of a cluster has its own bus.
 */
public final class TestNode implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Vertx vertx;
  private final boolean apart;
  private final Deque<String> deployed = new ArrayDeque<>();
  private final Pool leasePool;
  private final Node node;

  private TestNode(
      Vertx vertx,
      boolean apart,
      PgSettings postgres,
      String nodeId,
      ShardSettings shards,
      Clock clock) {
    this.vertx = vertx;
    this.apart = apart;
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    leasePool = Pools.queries(vertx, postgres, DatabaseRole.WRITER, nodeId + "-leases", 2);
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
            // Tests look and spoil through it what no reader of the application could.
            Pools.queries(vertx, postgres, nodeId, 4),
            meters);
    leases.start();
  }

  /** A node with default settings on a new database; {@code vertx} stays open. */
  public static TestNode start(Vertx vertx) {
    return start(
        vertx, TestDatabase.create(), "node-1", ShardSettings.defaults(), new SystemClock());
  }

  /** A node on a database that may have others; {@code vertx} stays open. */
  public static TestNode start(
      Vertx vertx, PgSettings postgres, String nodeId, ShardSettings shards, Clock clock) {
    return new TestNode(vertx, false, postgres, nodeId, shards, clock);
  }

  /** A node beside another one: a Vert.x and a bus of its own, closed with it. */
  public static TestNode apart(
      PgSettings postgres, String nodeId, ShardSettings shards, Clock clock) {
    return new TestNode(Vertx.vertx(), true, postgres, nodeId, shards, clock);
  }

  /** Deploys what is tested; it is undeployed with the node, if not before. */
  public String deploy(Deployable verticle) {
    String deployment = await(vertx.deployVerticle(verticle));
    deployed.push(deployment);
    return deployment;
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

  /** Undeploys, gives back what units are left, and only then closes the pools. */
  @Override
  public void close() {
    deployed.removeIf(deployment -> !vertx.deploymentIDs().contains(deployment));
    deployed.forEach(deployment -> await(vertx.undeploy(deployment)));
    for (UnitKind kind : UnitKind.values()) {
      await(node.leases().withdraw(kind));
    }
    await(node.leases().stop());
    await(node.queries().close());
    await(leasePool.close());
    if (apart) {
      await(vertx.close());
    }
  }
}
