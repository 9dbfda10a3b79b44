package dev.ducat.bench.yardstick;

import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.PgSettings;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.time.Duration;

/**
 * A database of a contestant's own on the server that Ducat runs on: the same settings and the same
 * disk, and no table in common. Closing it drops it.
 */
public final class OwnDatabase implements AutoCloseable {
  /** Dropping a database of some gigabytes makes the server write a checkpoint first. */
  private static final Duration ANSWER_MAX = Duration.ofMinutes(2);

  private final Vertx vertx;
  private final PgSettings server;
  private final String name;

  private OwnDatabase(Vertx vertx, PgSettings server, String name) {
    this.vertx = vertx;
    this.server = server;
    this.name = name;
  }

  /**
   * Creates the database, empty; one of that name which an earlier, killed bench left is dropped.
   *
   * @param server any database of the server
   * @param name lower case letters, digits and underscores
   */
  public static OwnDatabase create(Vertx vertx, PgSettings server, String name) {
    if (!name.matches("[a-z][a-z0-9_]{0,62}")) {
      throw new IllegalArgumentException("not a name for a database: " + name);
    }
    OwnDatabase own = new OwnDatabase(vertx, server, name);
    own.drop();
    own.onServer("create database " + name);
    return own;
  }

  /** Where the database is. */
  public PgSettings settings() {
    return new PgSettings(server.host(), server.port(), name, server.user(), server.password());
  }

  /** Runs statements without parameters, several if need be, and waits for them. */
  public void execute(String sql) {
    run(settings(), sql);
  }

  /** The one row of a query, however long it takes. */
  public Row row(String sql) {
    return run(settings(), sql).iterator().next();
  }

  @Override
  public void close() {
    drop();
  }

  private void drop() {
    onServer("drop database if exists " + name + " with (force)");
  }

  private void onServer(String sql) {
    run(server, sql);
  }

  private RowSet<Row> run(PgSettings where, String sql) {
    PgConnection connection = Await.result(PgConnection.connect(vertx, options(where)), ANSWER_MAX);
    try {
      return Await.result(connection.query(sql).execute(), ANSWER_MAX);
    } finally {
      Await.result(connection.close(), ANSWER_MAX);
    }
  }

  /** Filling a backlog takes longer than any query of Ducat may. */
  private static PgConnectOptions options(PgSettings where) {
    return where
        .forQueries("bench-setup")
        .addProperty("statement_timeout", "0")
        .addProperty("client_min_messages", "warning");
  }
}
