package dev.ducat.consumer;

import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;

/** For a process that is a consumer and nothing else: what such a main method always does. */
public final class StandaloneConsumer {
  /** One transaction at a time, and a look at the inbox beside it. */
  private static final int CONNECTIONS = 2;

  private StandaloneConsumer() {}

  /**
   * Makes the inbox and what the handler needs in the consumer's own database, which must be there,
   * and reads until the process ends.
   *
   * @param postgres {@code postgresql://user:password@host:port/database}
   * @param schema a statement that may be run at each start, as {@code create table if not exists}
   * @throws RuntimeException where the database does not answer or refuses the statement
   */
  public static void run(
      ConsumerSettings settings, String postgres, String schema, EventHandler handler) {
    Pool pool =
        PgBuilder.pool()
            .with(new PoolOptions().setMaxSize(CONNECTIONS))
            .connectingTo(postgres)
            .using(Vertx.vertx())
            .build();
    Inbox.create(pool).compose(created -> pool.query(schema).execute()).await();
    new EffectivelyOnceConsumer(pool, settings, handler).start();
  }
}
