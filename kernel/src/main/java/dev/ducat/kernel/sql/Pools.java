package dev.ducat.kernel.sql;

import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
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

  /** A pool of at most {@code connections}, each opened when first needed. */
  public static Pool queries(Vertx vertx, PgSettings settings, String name, int connections) {
    return PgBuilder.pool()
        .with(
            new PoolOptions()
                .setName("ducat-" + name)
                .setMaxSize(connections)
                .setMaxWaitQueueSize(WAITING_MAX))
        .connectingTo(settings.forQueries("ducat-" + name))
        .using(vertx)
        .build();
  }
}
