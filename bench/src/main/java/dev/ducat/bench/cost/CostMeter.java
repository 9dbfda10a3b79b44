package dev.ducat.bench.cost;

import dev.ducat.bench.ducat.Installation;
import dev.ducat.bench.ducat.Sql;
import dev.ducat.bench.load.LoadResult;
import dev.ducat.embedded.Service;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads every counter there is before and after a run, and divides by its payments. */
public final class CostMeter implements AutoCloseable {
  private static final String STATEMENTS =
      """
      select regexp_replace(query, '\\s+', ' ', 'g'), calls, total_exec_time * 1000, rows, wal_bytes
        from pg_stat_statements s join pg_database d on d.oid = s.dbid
       where d.datname = current_database() and query not like '%pg_stat%' and query not like '%ducat-bench%'
       order by total_exec_time desc
      """;

  private final Installation ducat;
  private final Sql sql;
  private final NodeMemory memory;
  private final Map<String, Duration> cpu;
  private final Map<String, Long> threads;
  private final Map<String, Long> database;
  private final Map<String, Double> metrics;
  private final long allocated;

  private CostMeter(Installation ducat) {
    this.ducat = ducat;
    this.sql = Sql.open(ducat.postgres());
    this.memory = NodeMemory.of(ducat.node().pid());
    sql.run("create extension if not exists pg_stat_statements");
    statements(true);
    sql.run("select pg_stat_statements_reset()");
    this.metrics = NodeMetrics.read(ducat.node().http());
    this.database = DatabaseCounters.read(sql);
    this.threads = Processes.threadMicros(ducat.node().pid());
    this.allocated = memory.allocatedBytes();
    this.cpu = cpu();
  }

  /** Begins to count; everything should be at rest. */
  public static CostMeter begin(Installation ducat) {
    return new CostMeter(ducat);
  }

  /** Gives the account of a run that is over. */
  public CostSheet end(LoadResult load) {
    double payments = load.goodCalls();
    Map<String, Double> micros = new LinkedHashMap<>();
    cpu()
        .forEach(
            (name, after) ->
                micros.put(
                    name, micros(after.minus(cpu.getOrDefault(name, Duration.ZERO))) / payments));
    micros.put("load generator", micros(load.cpu()) / payments);
    Map<String, Double> counts = new LinkedHashMap<>();
    counts.put("bytes allocated in Ducat", (memory.allocatedBytes() - allocated) / payments);
    TreeMap<String, Double> kinds = new TreeMap<>();
    Processes.threadMicros(ducat.node().pid())
        .forEach(
            (kind, after) -> kinds.put(kind, (after - threads.getOrDefault(kind, 0L)) / payments));
    List<CostSheet.Statement> statements = statements(payments);
    counts.put(
        "statement calls", statements.stream().mapToDouble(CostSheet.Statement::calls).sum());
    // What the backends counted arrives a moment later than what they did.
    sql.run("select pg_sleep(1.1)");
    DatabaseCounters.read(sql)
        .forEach(
            (name, after) -> put(counts, name, (double) (after - database.getOrDefault(name, 0L)), payments));
    NodeMetrics.read(ducat.node().http())
        .forEach(
            (name, after) -> put(counts, name, after - metrics.getOrDefault(name, 0.0), payments));
    return new CostSheet(load.goodCalls(), micros, kinds, counts, statements);
  }

  private static void put(Map<String, Double> counts, String name, double grown, double payments) {
    if (grown > 0) {
      counts.put(name, grown / payments);
    }
  }

  private List<CostSheet.Statement> statements(double payments) {
    List<CostSheet.Statement> all = new ArrayList<>();
    for (List<String> row : sql.texts(STATEMENTS)) {
      all.add(
          new CostSheet.Statement(
              row.get(0),
              Double.parseDouble(row.get(1)) / payments,
              Double.parseDouble(row.get(2)) / payments,
              Double.parseDouble(row.get(3)) / payments,
              Double.parseDouble(row.get(4)) / payments));
    }
    return all;
  }

  private Map<String, Duration> cpu() {
    Map<String, Duration> all = new LinkedHashMap<>();
    all.put("Ducat", Processes.cpu(ducat.node().pid()));
    all.put("Postgres", Processes.cpu(ducat.pid(Service.POSTGRES)));
    all.put("Kafka", Processes.cpu(ducat.pid(Service.KAFKA)));
    all.put("Redis", Processes.cpu(ducat.pid(Service.REDIS)));
    return all;
  }

  private void statements(boolean counted) {
    sql.run("alter system set compute_query_id = " + (counted ? "on" : "off"));
    sql.run("alter system set pg_stat_statements.track = " + (counted ? "top" : "none"));
    sql.run("select pg_reload_conf()");
  }

  private static double micros(Duration time) {
    return time.toNanos() / 1e3;
  }

  @Override
  public void close() {
    statements(false);
    memory.close();
    sql.close();
  }
}
