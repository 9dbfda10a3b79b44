package dev.ducat.launcher.node;

import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.UnitKind;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Whether this node can do its work: the database answers, it owns units, and their addresses are
 * found on the bus. Kafka and Redis are not asked: payments go on without them.
 */
public final class Readiness {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(2);

  private final Node node;
  private final Set<UnitKind> kinds;

  /** Checks a node that serves these kinds of units; those without an address are left out. */
  Readiness(Node node, Set<UnitKind> kinds) {
    this.node = node;
    this.kinds = kinds;
  }

  /**
   * What was found.
   *
   * @param problems what keeps the node from its work, by part; empty when it is ready
   */
  public record Report(TreeMap<String, String> problems) {
    public boolean ready() {
      return problems.isEmpty();
    }
  }

  /** Whether this node serves what it owns. Never fails. */
  Future<Report> ofOwnUnits() {
    List<Future<Void>> checks = new ArrayList<>();
    Report report = new Report(new TreeMap<>());
    checks.add(checkDatabase(report));
    for (UnitKind kind : kinds) {
      Collection<Lease> held = node.leases().held(kind);
      if (held.isEmpty()) {
        report.problems().put(kind.text(), "owns none yet");
      }
      checks.add(ping(report, kind, held.stream().map(Lease::address).toList()));
    }
    return Future.join(checks).transform(done -> Future.succeededFuture(report));
  }

  /** Whether every unit there is, of the kinds this node serves, is served by somebody. */
  Future<Report> ofAllUnits() {
    return ofOwnUnits()
        .compose(
            report -> {
              List<Future<Void>> checks = new ArrayList<>();
              for (UnitKind kind : kinds) {
                int units = node.leases().settings().units(kind);
                checks.add(
                    ping(report, kind, IntStream.range(0, units).mapToObj(kind::address).toList()));
              }
              return Future.join(checks).transform(done -> Future.succeededFuture(report));
            });
  }

  private Future<Void> checkDatabase(Report report) {
    return node.queries()
        .query("select 1")
        .execute()
        .timeout(ANSWER_MAX.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS)
        .<Void>mapEmpty()
        .onFailure(away -> put(report, "database", String.valueOf(away.getMessage())));
  }

  private Future<Void> ping(Report report, UnitKind kind, List<String> addresses) {
    List<Future<Void>> pings =
        addresses.stream()
            .map(
                address ->
                    node.bus()
                        .ping(address, ANSWER_MAX)
                        .onFailure(
                            gone -> put(report, kind.text(), String.valueOf(gone.getMessage()))))
            .toList();
    return Future.join(pings).mapEmpty();
  }

  private static void put(Report report, String part, String problem) {
    synchronized (report.problems()) {
      report.problems().put(part, problem);
    }
  }
}
