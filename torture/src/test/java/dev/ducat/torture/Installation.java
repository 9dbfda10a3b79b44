package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.EmbeddedServices.Options;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.launcher.check.BalanceSamples;
import dev.ducat.launcher.check.ClientHistory;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One data folder with real Postgres, Redis and Kafka that all scenarios of this JVM share: it is
 * one installation that goes through everything. The services belong to the tests, which may stop
 * and kill them; the nodes adopt them. Scenarios stay apart by their tenants.
 */
final class Installation {
  private static final Path FOLDER = Path.of("target", "torture").toAbsolutePath();

  /** S1: 60 s after the faults end, every saga is at rest. */
  private static final Duration REST_MAX = Duration.ofSeconds(60);

  private static final String UNFINISHED =
      """
      select saga_id, payment_id, step, phase from payment.saga
       where not finished and state <> 'NEEDS_ATTENTION'
      """;

  private static @Nullable Installation shared;

  private final EmbeddedServices services;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private int started;

  private final ClientHistory calls = new ClientHistory();
  private final Set<String> tenants = ConcurrentHashMap.newKeySet();
  private final BalanceSamples samples;

  private Installation(EmbeddedServices services) {
    this.services = services;
    this.samples = BalanceSamples.start(postgres());
  }

  /** The installation, started when first asked for, ended with this JVM. */
  static synchronized Installation shared() {
    Installation known = shared;
    if (known == null) {
      known = new Installation(start());
      shared = known;
    }
    return known;
  }

  private static EmbeddedServices start() {
    try {
      Files.createDirectories(FOLDER);
      Path data = FOLDER.resolve(Long.toString(ProcessHandle.current().pid()));
      System.out.println("torture: data and node logs in " + data);
      EmbeddedServices started =
          EmbeddedServices.start(Options.in(data).withBoundToJvm(true).withFresh(true));
      Runtime.getRuntime().addShutdownHook(new Thread(started::close, "torture-services"));
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  EmbeddedServices services() {
    return services;
  }

  Path data() {
    return services.dataDir();
  }

  PgSettings postgres() {
    return PgSettings.parse(services.postgres().uri());
  }

  /** The memory of a new tenant's clients. */
  History newHistory(String tenant) {
    if (!tenants.add(tenant)) {
      throw new IllegalArgumentException("two scenarios use the tenant " + tenant);
    }
    return new History(tenant, calls);
  }

  /** Tenants whose clients remember everything they asked for. */
  Set<String> tenantsWithHistory() {
    return tenants;
  }

  /** What the clients of all scenarios so far asked and were told. */
  ClientHistory calls() {
    return calls;
  }

  /** The books, added up again and again since the beginning. */
  BalanceSamples samples() {
    return samples;
  }

  /** What the simulated PSP really did. */
  Path simulatorJournal() {
    return data().resolve("simulator").resolve("journal.tsv");
  }

  /** A plan for a node on this installation. */
  NodeProcess.Plan plan(String nodeId) {
    return NodeProcess.Plan.of(data(), nodeId);
  }

  /** Starts a node that a scenario has for itself; no other runs beside it. */
  NodeProcess startAlone(NodeProcess.Plan plan) {
    endNodes();
    NodeProcess node = NodeProcess.launch(plan);
    nodes.add(node);
    return node.awaitReady();
  }

  /** The one node that scenarios share which do no harm to nodes. */
  NodeProcess steadyNode() {
    return nodes.size() == 1 && nodes.getFirst().isAlive() && nodes.getFirst().isOrdinary()
        ? nodes.getFirst()
        : startAlone(plan("steady"));
  }

  /**
   * Two clustered nodes that share the units; those that an earlier scenario left alive are as good
   * as new ones.
   */
  Pair pair() {
    nodes.removeIf(node -> !node.isAlive());
    if (!nodes.stream().allMatch(NodeProcess::isClustered)) {
      endNodes();
    }
    while (nodes.size() < 2) {
      nodes.add(NodeProcess.launch(plan("node-" + ++started).clustered()));
    }
    nodes.forEach(NodeProcess::awaitReady);
    Pair pair = new Pair(nodes.getFirst(), nodes.getLast());
    new Units(this).awaitShared(pair);
    return pair;
  }

  /** Two nodes of one cluster, alike. */
  record Pair(NodeProcess one, NodeProcess other) {
    List<SocketAddress> gateways() {
      return List.of(one.grpc(), other.grpc());
    }
  }

  /** Ends all nodes in good order, so that their units are free at once. */
  private void endNodes() {
    for (NodeProcess node : nodes) {
      if (node.isAlive()) {
        node.resume();
        node.terminate();
      }
    }
    nodes.clear();
  }

  /** Waits until no saga has work left and every event of every tenant is in Kafka. */
  void awaitRest() {
    await("everything is at rest")
        .atMost(REST_MAX)
        .pollInterval(Duration.ofMillis(250))
        .untilAsserted(
            () -> {
              assertThat(query(UNFINISHED)).as("sagas at work (id, step, phase)").isEmpty();
              assertThat(number("select count(*) from outbox.event"))
                  .as("committed events, as many as are in Kafka")
                  .isEqualTo(EventLog.countAll(services.kafka().bootstrap()));
            });
  }

  /** Reads the database from outside. */
  List<List<@Nullable String>> query(String sql, Object... values) {
    return Sql.query(services.postgres(), sql, values);
  }

  /** A query that answers one number. */
  long number(String sql, Object... values) {
    return Sql.number(services.postgres(), sql, values);
  }
}
