package dev.ducat.relay;

import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.sql.DatabaseRole;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Partitions of the outbox: made and dropped by functions of their owner. */
final class RetentionStore {
  private final Vertx vertx;
  private final Node node;

  RetentionStore(Vertx vertx, Node node) {
    this.vertx = vertx;
    this.node = node;
  }

  /**
   * Makes the partitions of the weeks ahead and drops those that end before a moment and are
   * published.
   *
   * @param replicationSlot that knows what is published; null: the relay's positions do
   * @return the partitions dropped
   */
  Future<List<String>> keep(int weeksAhead, Instant before, @Nullable String replicationSlot) {
    return PgConnection.connect(
            vertx, node.postgres().forQueries("ducat-retention", DatabaseRole.WRITER))
        .compose(
            connection ->
                connection
                    .preparedQuery("select outbox.ensure_partitions($1::int)")
                    .execute(Tuple.of(weeksAhead))
                    .compose(
                        made ->
                            drop(
                                connection,
                                Tuple.of(before.atOffset(ZoneOffset.UTC), replicationSlot),
                                new ArrayList<>()))
                    .eventually(connection::close));
  }

  private static Future<List<String>> drop(
      PgConnection connection, Tuple parameters, List<String> dropped) {
    return connection
        .preparedQuery("select outbox.drop_published($1::timestamptz, $2::text)")
        .execute(parameters)
        .compose(
            rows -> {
              String name = rows.iterator().next().getString(0);
              if (name == null) {
                return Future.succeededFuture(dropped);
              }
              dropped.add(name);
              return drop(connection, parameters, dropped);
            });
  }
}
