package dev.ducat.bench.peer;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.dbos.transact.DBOS;
import dev.dbos.transact.config.DBOSConfig;
import dev.dbos.transact.workflow.Workflow;
import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
import dev.ducat.bench.yardstick.Clients;
import dev.ducat.bench.yardstick.OwnDatabase;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.PgSettings;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * DBOS Transact running a workflow of five steps that do nothing: what remains is the price of its
 * durability. Workflows are called directly, which spares it the queue.
 */
public final class DbosWorkflows implements Contestant {
  /** Numbers of callers worth trying; the best one counts. */
  public static final List<Integer> CALLERS = List.of(8, 16, 32);

  private static final int STEPS = 5;
  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);

  private static final String CHECK =
      """
      select (select count(*) from dbos.workflow_status where status = 'SUCCESS'),
             (select count(*) from dbos.operation_outputs)
      """;

  /** DBOS makes a proxy of an interface. */
  public interface Payments {
    /** One after the other: validate, authorize, capture, settle, notify. */
    long pay(long amount);
  }

  private record DurablePayments(DBOS dbos) implements Payments {
    @Override
    @Workflow(name = "pay")
    public long pay(long amount) {
      long result = amount;
      for (String step : List.of("validate", "authorize", "capture", "settle", "notify")) {
        long before = result;
        result = dbos.runStep(() -> before + 1, step);
      }
      return result;
    }
  }

  private final Vertx vertx;
  private final OwnDatabase database;
  private final HikariDataSource connections;
  private final DBOS dbos;
  private final int callers;
  private final Payments payments;
  private final AtomicLong done = new AtomicLong();

  /**
   * Makes the database and starts DBOS in this process.
   *
   * @param server any database of the server that Ducat runs on
   * @param callers threads that run workflows, each with a connection for itself
   */
  public DbosWorkflows(PgSettings server, int callers) {
    this.callers = callers;
    this.vertx = Vertx.vertx();
    this.database = OwnDatabase.create(vertx, server, "bench_dbos_" + callers);
    HikariConfig pool = new HikariConfig();
    // Prepared at once: every statement comes back within milliseconds.
    pool.setJdbcUrl(database.settings().jdbcUrl() + "?prepareThreshold=1");
    pool.setUsername(server.user());
    pool.setPassword(server.password());
    pool.setMaximumPoolSize(callers + 2);
    this.connections = new HikariDataSource(pool);
    this.dbos =
        new DBOS(DBOSConfig.defaults("bench").withDataSource(connections).withAppVersion("1"));
    this.payments = dbos.registerProxy(Payments.class, new DurablePayments(dbos));
    dbos.launch();
  }

  @Override
  public String name() {
    return "DBOS Transact, %d callers".formatted(callers);
  }

  @Override
  public Run run(Bounds bounds) {
    List<Clients.Client> clients = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      clients.add(this::pay);
    }
    Run run = Clients.run(bounds, clients);
    check();
    return run;
  }

  @Override
  public void close() {
    dbos.shutdown();
    connections.close();
    database.close();
    Await.result(vertx.close(), ANSWER_MAX);
  }

  private int pay() {
    long amount = done.incrementAndGet();
    if (payments.pay(amount) != amount + STEPS) {
      throw new IllegalStateException("a step was left out");
    }
    return 1;
  }

  private void check() {
    Row row = database.row(CHECK);
    if (row.getLong(0) != done.get() || row.getLong(1) != done.get() * STEPS) {
      throw new IllegalStateException(
          "%d workflows ran, but the tables say %s".formatted(done.get(), row.deepToString()));
    }
  }
}
