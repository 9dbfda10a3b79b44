package dev.ducat.bench.cost;

import dev.ducat.bench.ducat.Sql;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * What Postgres has counted in one database, by name. Differences of two readings mean something.
 */
final class DatabaseCounters {
  private static final String DATABASE =
      """
      select xact_commit, tup_inserted, tup_updated, tup_deleted
        from pg_stat_database where datname = current_database()
      """;

  private static final List<String> DATABASE_NAMES =
      List.of("database commits", "rows inserted", "rows updated", "rows deleted");

  private static final String TABLES =
      """
      select schemaname || '.' || regexp_replace(relname, '^event_.*', 'event'),
             sum(n_tup_ins), sum(n_tup_upd), sum(n_tup_hot_upd)
        from pg_stat_user_tables where schemaname !~ '^pg_temp' group by 1 order by 1
      """;

  private static final String WAL =
      "select wal_records, wal_bytes::bigint, wal_fpi, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint from pg_stat_wal";

  private static final List<String> WAL_NAMES =
      List.of("WAL records", "WAL bytes", "WAL full page images", "WAL bytes with padding");

  /** Backends keep their counts to themselves for up to ten seconds when nothing happens. */
  private static final Duration LATE_MAX = Duration.ofSeconds(12);

  private static final Duration ASK_EVERY = Duration.ofMillis(100);

  private static final String NOT_COUNTED_YET =
      """
      select (select count(*) from payment.payment) + (select count(*) from ledger.transfer)
               + (select count(*) from outbox.event) - sum(n_tup_ins)
        from pg_stat_user_tables
       where relname in ('payment', 'transfer') or schemaname = 'outbox' and relname like 'event_%'
      """;

  private DatabaseCounters() {}

  /** Waits until the counters know of every row there is. Nothing may be written meanwhile. */
  static void await(Sql sql) {
    long start = System.nanoTime();
    sql.run("select pg_stat_clear_snapshot()");
    while (sql.number(NOT_COUNTED_YET) != 0 && System.nanoTime() - start < LATE_MAX.toNanos()) {
      LockSupport.parkNanos(ASK_EVERY.toNanos());
      sql.run("select pg_stat_clear_snapshot()");
    }
  }

  static Map<String, Long> read(Sql sql) {
    Map<String, Long> counters = new LinkedHashMap<>();
    sql.run("select pg_stat_clear_snapshot()");
    put(counters, DATABASE_NAMES, sql.numbers(DATABASE).getFirst());
    put(counters, WAL_NAMES, sql.numbers(WAL).getFirst());
    for (List<String> row : sql.texts(TABLES)) {
      counters.put("inserts " + row.get(0), Long.parseLong(row.get(1)));
      counters.put("updates " + row.get(0), Long.parseLong(row.get(2)));
      counters.put("updates " + row.get(0) + ", HOT", Long.parseLong(row.get(3)));
    }
    return counters;
  }

  private static void put(Map<String, Long> counters, List<String> names, long[] values) {
    for (int i = 0; i < values.length; i++) {
      counters.put(names.get(i), values[i]);
    }
  }
}
