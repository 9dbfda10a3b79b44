package dev.ducat.saga;

import dev.ducat.kernel.lane.Plan;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.SqlStatement;
import dev.ducat.saga.Limits.Span;
import dev.ducat.saga.Limits.Window;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/** Reads and writes {@code payment.velocity}; touched only where velocity limits are configured. */
final class VelocityStore {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(4);

  /** Longer than any window, and than clocks differ. */
  private static final Duration KEPT = Duration.ofDays(3);

  /** All lanes write the same rows: in one order, so that none waits for another in a circle. */
  private static final Comparator<Window> ORDER =
      Comparator.comparing(Window::tenant)
          .thenComparing(Window::merchant)
          .thenComparing(Window::unit)
          .thenComparing(Window::span)
          .thenComparing(Window::startsAt);

  static final String READ =
      """
      select found.* from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
        as w(tenant, merchant, unit, span, starts_at)
      cross join lateral (select v.tenant, v.merchant, v.unit, v.span, v.starts_at, v.used from payment.velocity v
        where v.tenant = w.tenant and v.merchant = w.merchant and v.unit = w.unit and v.span = w.span
          and v.starts_at = w.starts_at limit 1) as found
      """;

  /** A window that has no room is not written, and then nothing is. */
  static final String ADD =
      """
      with counted as (
        insert into payment.velocity as v (tenant, merchant, unit, span, starts_at, used, most)
        select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
          unnest($5::timestamptz[]), unnest($6::bigint[]), unnest($7::bigint[])
        on conflict (tenant, merchant, unit, span, starts_at) do update
          set used = v.used + excluded.used, most = excluded.most
          where v.used + excluded.used <= excluded.most
        returning 1)
      select payment.expect_within_limits(cardinality($1::text[]), (select count(*) from counted))
      """;

  static final String SWEEP =
      """
      delete from payment.velocity where ctid = any(array(
        select ctid from payment.velocity where starts_at < $1::timestamptz limit 5000 for update skip locked))
      """;

  private VelocityStore() {}

  /** What the windows hold, where they hold anything, in one query. */
  static Map<Window, Long> read(SqlConnection connection, Collection<Window> windows) {
    return used(
        Await.result(connection.preparedQuery(READ).execute(parameters(windows)), ANSWER_MAX));
  }

  /** The same beside the lanes: by the time it is known it may be more. */
  static Future<Map<Window, Long>> peek(Pool pool, Collection<Window> windows) {
    return windows.isEmpty()
        ? Future.succeededFuture(Map.of())
        : pool.preparedQuery(READ).execute(parameters(windows)).map(VelocityStore::used);
  }

  private static Tuple parameters(Collection<Window> windows) {
    Columns columns =
        new Columns(
            windows.size(),
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            OffsetDateTime[]::new);
    for (Window window : windows) {
      columns.next(
          window.tenant(), window.merchant(), window.unit(), window.span().name(), start(window));
    }
    return Tuple.from(columns.arrays());
  }

  private static Map<Window, Long> used(RowSet<Row> rows) {
    Map<Window, Long> used = new HashMap<>();
    for (Row row : rows) {
      Window window =
          new Window(
              row.getString("tenant"),
              row.getString("merchant"),
              row.getString("unit"),
              Span.valueOf(row.getString("span")),
              row.getOffsetDateTime("starts_at").toInstant());
      used.put(window, row.getLong("used"));
    }
    return used;
  }

  /**
   * Adds what a batch admitted. To be the transaction's last statement: other lanes wait for these
   * rows until it commits.
   */
  static void write(Plan plan, Map<Window, VelocityCount.Addition> additions) {
    if (additions.isEmpty()) {
      return;
    }
    Columns columns =
        new Columns(
            additions.size(),
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            OffsetDateTime[]::new,
            Long[]::new,
            Long[]::new);
    additions.entrySet().stream()
        .sorted(Map.Entry.comparingByKey(ORDER))
        .forEach(
            added -> {
              Window window = added.getKey();
              columns.next(
                  window.tenant(),
                  window.merchant(),
                  window.unit(),
                  window.span().name(),
                  start(window),
                  added.getValue().units(),
                  added.getValue().most());
            });
    plan.execute(new SqlStatement(ADD, Tuple.from(columns.arrays())));
  }

  /** Deletes windows that are over for long; a few thousand at once. */
  static void sweep(SqlConnection connection, Instant now) {
    Await.result(
        connection.preparedQuery(SWEEP).execute(Tuple.of(PaymentStore.time(now.minus(KEPT)))),
        ANSWER_MAX);
  }

  private static OffsetDateTime start(Window window) {
    return window.startsAt().atOffset(ZoneOffset.UTC);
  }
}
