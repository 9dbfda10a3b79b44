package dev.ducat.saga;

import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.sql.DatabaseRole;
import dev.ducat.kernel.sql.Pools;
import dev.ducat.saga.KeySweeper.Pace;
import dev.ducat.saga.KeySweeper.Swept;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;

/** Where keys end, on a connection of its own: lanes do not wait for it. */
final class KeySweepStore {
  static final String SWEEP =
      """
      select looked, freed, kept, due_in_ms from payment.sweep_keys($1::int,
        $2::bigint * interval '1 millisecond', $3::bigint * interval '1 millisecond',
        $4::bigint * interval '1 millisecond')
      """;

  private final Pool pool;

  KeySweepStore(Vertx vertx, Node node) {
    this.pool =
        Pools.queries(vertx, node.postgres(), DatabaseRole.WRITER, node.nodeId() + "-keys", 1);
  }

  Future<Swept> sweep(Pace pace) {
    return pool.preparedQuery(SWEEP)
        .execute(
            Tuple.of(
                pace.batch(),
                pace.life().toMillis(),
                pace.idle().toMillis(),
                pace.again().toMillis()))
        .map(
            rows -> {
              Row row = rows.iterator().next();
              return new Swept(
                  row.getInteger("looked"),
                  row.getInteger("freed"),
                  row.getInteger("kept"),
                  Duration.ofMillis(Math.max(1, row.getLong("due_in_ms"))));
            });
  }

  Future<Void> close() {
    return pool.close();
  }
}
