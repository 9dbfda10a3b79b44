package dev.ducat.kernel.sql;

import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;

/** Pools of connections for everything that is not a lane. */
public final class Pools {
  /**
   * Reads that may wait for a connection: beyond that the database is the bottleneck and more
   * waiting only hides it.
   */
  private static final int WAITING_MAX = 2_000;

  private Pools() {}

  /** A pool of at most {@code connections} in a role, each opened when first needed. */
  public static Pool queries(
      Vertx vertx, PgSettings settings, DatabaseRole role, String name, int connections) {
    return pool(vertx, settings.forQueries("ducat-" + name, role), name, connections);
  }

  /** The same with all rights of the user who logs in. */
  public static Pool queries(Vertx vertx, PgSettings settings, String name, int connections) {
    return pool(vertx, settings.forQueries("ducat-" + name), name, connections);
  }

  private static Pool pool(Vertx vertx, PgConnectOptions options, String name, int connections) {
    return PgBuilder.pool()
        .with(
            new PoolOptions()
                .setName("ducat-" + name)
                .setMaxSize(connections)
                .setMaxWaitQueueSize(WAITING_MAX))
        .connectingTo(options)
        .using(vertx)
        .build();
  }
}
