package dev.ducat.bench.yardstick;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.PgSettings;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.List;

/** The price of one durable hop: a row inserted and committed, over one connection. */
public final class SingleCommit implements Contestant {
  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);
  private static final String INSERT = "insert into hop (hop_id) values ($1::bigint)";

  private final Vertx vertx = Vertx.vertx();
  private final OwnDatabase database;
  private final PgConnection connection;
  private long hops;

  /** Makes the database and connects. */
  public SingleCommit(PgSettings server) {
    this.database = OwnDatabase.create(vertx, server, "bench_commit");
    database.execute("create table hop (hop_id bigint primary key)");
    this.connection =
        Await.result(
            PgConnection.connect(vertx, database.settings().forQueries("bench-commit")),
            ANSWER_MAX);
  }

  @Override
  public String name() {
    return "commit";
  }

  @Override
  public Run run(Bounds bounds) {
    Run run = Clients.run(bounds, List.of(this::hop));
    long rows = database.row("select count(*) from hop").getLong(0);
    if (rows != hops) {
      throw new IllegalStateException("%d rows after %d commits".formatted(rows, hops));
    }
    return run;
  }

  @Override
  public void close() {
    Await.result(connection.close(), ANSWER_MAX);
    database.close();
    Await.result(vertx.close(), ANSWER_MAX);
  }

  private int hop() {
    Await.result(connection.preparedQuery(INSERT).execute(Tuple.of(++hops)), ANSWER_MAX);
    return 1;
  }
}
