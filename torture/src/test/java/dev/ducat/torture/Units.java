package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Who owns which unit, read from the leases themselves. */
final class Units {
  /** DESIGN §5 and FAULTS: a lease of 6 s, and its successor at work within 12 s. */
  private static final Duration TAKE_OVER_MAX = Duration.ofSeconds(12);

  private final Installation installation;

  Units(Installation installation) {
    this.installation = installation;
  }

  /** Epochs of the units that a node owns now, by kind and number. */
  Map<String, Long> ownedBy(String nodeId) {
    Map<String, Long> epochs = new TreeMap<>();
    for (List<?> row :
        installation.query(
            """
            select l.kind || ' ' || l.unit, l.epoch
              from shard.lease l join shard.node n on n.owner = l.owner
             where n.node_id = ? and l.expires_at > clock_timestamp()
            """,
            nodeId)) {
      epochs.put(String.valueOf(row.get(0)), Long.valueOf(String.valueOf(row.get(1))));
    }
    return epochs;
  }

  /** Asserts that the units of another node are taken over in time, all with higher epochs. */
  void assertTakenOver(Map<String, Long> before, String successor) {
    assertThat(before).as("units that changed hands").isNotEmpty();
    await(before.size() + " units are taken over by " + successor)
        .atMost(TAKE_OVER_MAX)
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(
            () -> {
              Map<String, Long> now = ownedBy(successor);
              assertThat(now.keySet()).containsAll(before.keySet());
              before.forEach(
                  (unit, epoch) -> assertThat(now.get(unit)).as(unit).isGreaterThan(epoch));
            });
  }

  /** Waits until two nodes have shared the units among themselves. */
  void awaitShared(Installation.Pair pair) {
    await("units are shared")
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(100))
        .until(() -> ownsPayments(pair.one().nodeId()) && ownsPayments(pair.other().nodeId()));
  }

  private boolean ownsPayments(String nodeId) {
    return ownedBy(nodeId).keySet().stream().anyMatch(unit -> unit.startsWith("payment.shard "));
  }
}
