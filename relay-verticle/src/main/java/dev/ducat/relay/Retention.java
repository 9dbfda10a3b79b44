package dev.ducat.relay;

import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.sql.DatabaseRole;
import dev.ducat.relay.RelaySettings.Mode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the outbox's partitions ahead and drops those that are past their time and published. Every
 * node with a relay does it; the database lets one at a time.
 */
final class Retention {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
  private static final Duration EVERY = Duration.ofHours(1);
  private static final int WEEKS_AHEAD = 4;

  private final Vertx vertx;
  private final Node node;
  private final RelaySettings settings;
  private boolean open = true;

  Retention(Vertx vertx, Node node, RelaySettings settings) {
    this.vertx = vertx;
    this.node = node;
    this.settings = settings;
  }

  /** Begins now, and goes on every hour. */
  void start() {
    runOnce()
        .onSuccess(dropped -> dropped.forEach(one -> LOG.info("dropped outbox.{}", one)))
        .onFailure(later -> LOG.warn("outbox partitions were not kept: {}", later.getMessage()))
        .onComplete(
            done ->
                vertx.setTimer(
                    EVERY.toMillis(),
                    timer -> {
                      if (open) {
                        start();
                      }
                    }));
  }

  void stop() {
    open = false;
  }

  /**
   * Makes what is missing ahead and drops what may go.
   *
   * @return the partitions dropped
   */
  Future<List<String>> runOnce() {
    return PgConnection.connect(
            vertx, node.postgres().forQueries("ducat-retention", DatabaseRole.WRITER))
        .compose(
            connection ->
                connection
                    .preparedQuery("select outbox.ensure_partitions($1::int)")
                    .execute(Tuple.of(WEEKS_AHEAD))
                    .compose(made -> drop(connection, new ArrayList<>()))
                    .eventually(connection::close));
  }

  private Future<List<String>> drop(PgConnection connection, List<String> dropped) {
    OffsetDateTime before =
        node.clock().now().minus(settings.retention()).atOffset(ZoneOffset.UTC);
    return connection
        .preparedQuery("select outbox.drop_published($1::timestamptz, $2::text)")
        .execute(
            Tuple.of(before, settings.mode() == Mode.EXTERNAL ? settings.replicationSlot() : null))
        .compose(
            rows -> {
              @Nullable String name = rows.iterator().next().getString(0);
              if (name == null) {
                return Future.succeededFuture(dropped);
              }
              dropped.add(name);
              return drop(connection, dropped);
            });
  }
}
