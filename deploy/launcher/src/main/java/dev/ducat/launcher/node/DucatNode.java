package dev.ducat.launcher.node;

import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.Leases;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.DatabaseRole;
import dev.ducat.kernel.sql.Migrations;
import dev.ducat.kernel.sql.Pools;
import dev.ducat.kernel.time.Clock;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.launcher.config.Actor;
import dev.ducat.launcher.config.NodeConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process's Vert.x with everything on it. Starting goes from the ground up (migrations, bus,
 * leases, relay, ledger, saga, gateway); closing goes the same way back, and each step waits for
 * the work in flight, so that nothing accepted is lost and other nodes take over at once.
 */
public final class DucatNode implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DucatNode.class);

  private static final Duration START_MAX = Duration.ofSeconds(60);

  /** SIGTERM is followed by SIGKILL after 30 s in most places: be gone before. */
  private static final Duration STOP_MAX = Duration.ofSeconds(28);

  private static final Duration READY_POLL = Duration.ofMillis(50);

  /** Leases must be renewed while every query waits for a connection, hence a pool of their own. */
  private static final int LEASE_CONNECTIONS = 2;

  private static final int QUERY_CONNECTIONS = 16;

  private final NodeConfig config;
  private final Foundation foundation;
  private final Clock clock;
  private final Closing closing;
  private final Node node;
  private final House house;
  private final Readiness readiness;
  private final HealthServer health;

  private DucatNode(NodeConfig config, Foundation foundation, Clock clock, Closing closing) {
    this.config = config;
    this.foundation = foundation;
    this.clock = clock;
    this.closing = closing;
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    Vertx vertx = openVertx(meters);
    this.node = openNode(vertx, meters);
    this.house = new House(vertx, node, config, foundation.services());
    this.readiness = new Readiness(node, House.unitsOf(config.actors()));
    this.health =
        Await.result(
            HealthServer.start(
                vertx,
                config.listen().host(),
                config.listen().httpPort(),
                Pulse.start(vertx, meters),
                meters,
                readiness),
            START_MAX);
    closing.then("health", health::close);
    node.leases().start();
    closing.then("leases", node.leases()::stop);
    for (Actor actor : EnumSet.copyOf(config.actors())) {
      Await.result(house.open(actor), START_MAX);
      LOG.info("{} is up", actor);
      closing.then(actor.name(), () -> house.close(actor));
    }
    closing.then(
        "readiness",
        () -> {
          health.drain();
          return Future.succeededFuture();
        });
  }

  /**
   * Migrates the database and starts the verticles; blocks until they are deployed. What was opened
   * is closed again when something fails.
   */
  public static DucatNode start(NodeConfig config, Foundation foundation) {
    int migrated = Migrations.run(foundation.services().postgres());
    LOG.info("{} migrations applied", migrated);
    Closing closing = new Closing(STOP_MAX);
    try {
      return new DucatNode(config, foundation, new SystemClock(), closing);
    } catch (RuntimeException failed) {
      closing.run();
      throw failed;
    }
  }

  /**
   * Blocks until every unit of the kinds this node serves is served by somebody.
   *
   * @throws IllegalStateException when that does not come within {@code limit}; it says what is
   *     missing
   */
  public void awaitReady(Duration limit) {
    long start = clock.monotonicNanos();
    Readiness.Report report = Await.result(readiness.ofAllUnits(), limit);
    while (!report.ready()) {
      if (clock.monotonicNanos() - start > limit.toNanos()) {
        throw new IllegalStateException(
            "not ready after " + limit.toSeconds() + " s: " + report.problems());
      }
      LockSupport.parkNanos(READY_POLL.toNanos());
      report = Await.result(readiness.ofAllUnits(), limit);
    }
  }

  /** Where this node can be reached. */
  public ReadyInfo info() {
    String host = config.listen().host();
    boolean gateway = config.actors().contains(Actor.GATEWAY);
    return new ReadyInfo(
        ProcessHandle.current().pid(),
        config.nodeId(),
        gateway ? host + ":" + house.grpcPort() : "",
        gateway ? host + ":" + house.operationsPort() : "",
        host + ":" + health.port(),
        foundation.services().postgres().toString(),
        foundation.services().redis().toString(),
        foundation.services().kafkaBootstrap());
  }

  /** How many units other nodes own now, of all kinds. */
  public int unitsOfOthers() {
    int others = 0;
    for (UnitKind kind : UnitKind.values()) {
      others += config.units().units(kind) - node.leases().held(kind).size();
    }
    return others;
  }

  /** Drains and stops, within 30 s. Closing twice is no error. The services stay. */
  @Override
  public void close() {
    closing.run();
  }

  private Vertx openVertx(PrometheusMeterRegistry meters) {
    VertxOptions options =
        new VertxOptions()
            .setMetricsOptions(
                new MicrometerMetricsOptions()
                    .setEnabled(true)
                    // Counting each message and each packet would cost more than it tells.
                    .setDisabledMetricsCategories(
                        Set.of(
                            MetricsDomain.EVENT_BUS.toCategory(),
                            MetricsDomain.NET_CLIENT.toCategory(),
                            MetricsDomain.NET_SERVER.toCategory(),
                            MetricsDomain.HTTP_CLIENT.toCategory(),
                            // SQL connections bear no names here: one gauge for all tells nothing.
                            "sql")))
            .setEventBusOptions(MembersOnly.bus(config.cluster()));
    VertxBuilder builder =
        Vertx.builder().with(options).withMetrics(new MicrometerMetricsFactory(meters));
    Vertx vertx;
    if (config.cluster().enabled()) {
      Membership membership = Membership.join(config);
      closing.then("membership", () -> closed(membership));
      vertx =
          Await.result(
              builder.withClusterManager(membership.forVertx()).buildClustered(), START_MAX);
    } else {
      vertx = builder.build();
    }
    closing.then("vert.x", vertx::close);
    return vertx;
  }

  private Node openNode(Vertx vertx, PrometheusMeterRegistry meters) {
    var postgres = foundation.services().postgres();
    Pool leasePool =
        Pools.queries(
            vertx, postgres, DatabaseRole.WRITER, config.nodeId() + "-leases", LEASE_CONNECTIONS);
    Pool queries =
        Pools.queries(vertx, postgres, DatabaseRole.READER, config.nodeId(), QUERY_CONNECTIONS);
    closing.then("pools", () -> Future.join(leasePool.close(), queries.close()).mapEmpty());
    Leases leases = new Leases(leasePool, config.nodeId(), config.units(), clock, meters);
    Await.result(leases.install(), START_MAX);
    return new Node(
        config.nodeId(), clock, new Ids(clock), Bus.on(vertx), leases, postgres, queries, meters);
  }

  private static Future<Void> closed(Membership membership) {
    membership.close();
    return Future.succeededFuture();
  }
}
