package dev.ducat.bench.cost;

import dev.ducat.bench.ducat.Installation;
import dev.ducat.bench.ducat.Sql;
import dev.ducat.bench.load.LoadResult;
import dev.ducat.embedded.Service;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads every counter there is before and after a run, and divides by its payments. */
public final class CostMeter implements AutoCloseable {
  private static final String STATEMENTS =
      """
      select regexp_replace(query, '\\s+', ' ', 'g'), calls, total_exec_time * 1000, rows, wal_bytes
        from pg_stat_statements s join pg_database d on d.oid = s.dbid
       where d.datname = current_database()
         and query !~ 'pg_stat|pg_sleep|pg_temp|create temporary|from since|where not finished$|select stream, head'
       order by total_exec_time desc
      """;

  private final Installation ducat;
  private final Sql sql;
  private final NodeMemory memory;
  private final Readings before;
  private @Nullable Readings after;
  private List<List<String>> statements = List.of();

  /** All counters at one moment. */
  private record Readings(
      Map<String, Duration> cpu,
      Map<String, Long> threads,
      Map<String, Long> database,
      Map<String, Double> metrics,
      long allocated) {}

  private CostMeter(Installation ducat) {
    this.ducat = ducat;
    this.sql = Sql.open(ducat.postgres());
    this.memory = NodeMemory.of(ducat.node().pid());
    sql.run("create extension if not exists pg_stat_statements");
    countStatements(true);
    sql.run("select pg_stat_statements_reset()");
    DatabaseCounters.await(sql);
    this.before = read();
  }

  /** Begins to count; everything should be at rest. */
  public static CostMeter begin(Installation ducat) {
    return new CostMeter(ducat);
  }

  /** Ends the count, before an audit or anything else takes time of its own. */
  public void stop() {
    Readings now = read();
    statements = sql.texts(STATEMENTS);
    DatabaseCounters.await(sql);
    after =
        new Readings(now.cpu, now.threads, DatabaseCounters.read(sql), now.metrics, now.allocated);
  }

  /** The account of a run that was stopped. */
  public CostSheet sheet(LoadResult load) {
    Readings end = after;
    if (end == null) {
      throw new IllegalStateException("stop comes first");
    }
    double payments = load.goodCalls();
    Map<String, Double> micros = new LinkedHashMap<>();
    end.cpu.forEach(
        (name, time) ->
            micros.put(
                name, micros(time.minus(before.cpu.getOrDefault(name, Duration.ZERO))) / payments));
    // Its start is no part of what a payment costs: the others run already.
    micros.put("load generator", micros(load.cpu()) / Math.max(1, load.completed()));
    TreeMap<String, Double> threads = new TreeMap<>();
    end.threads.forEach(
        (kind, time) ->
            threads.put(kind, (time - before.threads.getOrDefault(kind, 0L)) / payments));
    List<CostSheet.Statement> called =
        statements.stream().map(row -> statement(row, payments)).toList();
    Map<String, Double> counts = new LinkedHashMap<>();
    counts.put("bytes allocated in Ducat", (end.allocated - before.allocated) / payments);
    counts.put("statement calls", called.stream().mapToDouble(CostSheet.Statement::calls).sum());
    end.database.forEach(
        (name, count) -> {
          long grown = count - before.database.getOrDefault(name, 0L);
          if (grown > 0) {
            counts.put(name, grown / payments);
          }
        });
    end.metrics.forEach(
        (name, count) -> {
          double grown = count - before.metrics.getOrDefault(name, 0.0);
          if (grown > 0) {
            counts.put(name, grown / payments);
          }
        });
    return new CostSheet(load.goodCalls(), micros, threads, counts, called);
  }

  private Readings read() {
    Map<String, Duration> cpu = new LinkedHashMap<>();
    cpu.put("Ducat", Processes.cpu(ducat.node().pid()));
    cpu.put("Postgres", Processes.cpu(ducat.pid(Service.POSTGRES)));
    cpu.put("Kafka", Processes.cpu(ducat.pid(Service.KAFKA)));
    cpu.put("Redis", Processes.cpu(ducat.pid(Service.REDIS)));
    return new Readings(
        cpu,
        Processes.threadMicros(ducat.node().pid()),
        DatabaseCounters.read(sql),
        NodeMetrics.read(ducat.node().http()),
        memory.allocatedBytes());
  }

  private static CostSheet.Statement statement(List<String> row, double payments) {
    return new CostSheet.Statement(
        row.get(0),
        Double.parseDouble(row.get(1)) / payments,
        Double.parseDouble(row.get(2)) / payments,
        Double.parseDouble(row.get(3)) / payments,
        Double.parseDouble(row.get(4)) / payments);
  }

  private void countStatements(boolean counted) {
    sql.run("alter system set compute_query_id = " + (counted ? "on" : "off"));
    sql.run("alter system set pg_stat_statements.track = " + (counted ? "top" : "none"));
    sql.run("select pg_reload_conf()");
  }

  private static double micros(Duration time) {
    return time.toNanos() / 1e3;
  }

  @Override
  public void close() {
    countStatements(false);
    memory.close();
    sql.close();
  }
}
