package dev.ducat.kernel.node;

import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.outbox.OutboxTail;
import dev.ducat.kernel.shard.Leases;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.time.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.sqlclient.Pool;

/**
 * What every verticle of one process shares. Passed to constructors; there is no other wiring.
 *
 * @param nodeId name of this process among the nodes, for people
 * @param postgres for the lanes' own connections
 * @param queries pool of connections for reads beside the lanes; they cannot write
 * @param tail from the lanes to the relay, past the table
 */
public record Node(
    String nodeId,
    Clock clock,
    Ids ids,
    Bus bus,
    Leases leases,
    PgSettings postgres,
    Pool queries,
    MeterRegistry meters,
    OutboxTail tail) {

  /** A node whose lanes have committed nothing yet. */
  public Node(
      String nodeId,
      Clock clock,
      Ids ids,
      Bus bus,
      Leases leases,
      PgSettings postgres,
      Pool queries,
      MeterRegistry meters) {
    this(nodeId, clock, ids, bus, leases, postgres, queries, meters, new OutboxTail());
  }
}
