package dev.ducat.bench.yardstick;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.Migrations;
import dev.ducat.kernel.sql.PgSettings;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the machine itself can take: Ducat's statements for the whole life of a payment, on Ducat's
 * schema, in batches of 500 over two connections, with none of Ducat's work around them; alone, or
 * with a plain polled relay to Kafka beside it.
 *
 * <p>It writes what {@code docs/decisions/0003} says a payment takes: three commits of its lane and
 * two of the ledger's.
 */
public final class Ceiling implements Contestant {
  private static final int CONNECTIONS = 2;
  private static final int SHARDS = 64;

  /** Half a second of events, about: a relay that keeps up never lets it come that far. */
  private static final long BACKLOG_MAX = 32_000;

  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);
  private static final Duration DRAIN_MAX = Duration.ofMinutes(1);

  private static final String CHECK =
      """
      select (select count(*) from payment.payment where state = 'SETTLED'),
             (select count(*) from payment.saga where finished),
             (select count(*) from ledger.transfer),
             (select count(*) from outbox.event),
             (select sum(debits_posted - credits_posted)::bigint from ledger.account),
             (select sum(debits_pending + credits_pending)::bigint from ledger.account)
      """;

  private final Vertx vertx;
  private final OwnDatabase database;
  private final Backlog backlog;
  private final List<CeilingLane> lanes = new ArrayList<>();
  private final @Nullable PolledRelay relay;

  /** The statements alone. */
  public Ceiling(PgSettings server) {
    this(server, null);
  }

  /**
   * Makes the database and connects.
   *
   * @param kafka bootstrap servers of the Kafka that Ducat publishes to; null for no relay
   */
  public Ceiling(PgSettings server, @Nullable String kafka) {
    this.vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(CONNECTIONS));
    String name = kafka == null ? "bench_ceiling" : "bench_ceiling_relay";
    this.database = OwnDatabase.create(vertx, server, name);
    Migrations.run(database.settings());
    database.execute(streams());
    for (int lane = 0; lane < CONNECTIONS; lane++) {
      database.execute(accounts(lane));
    }
    this.backlog = new Backlog(kafka == null ? Long.MAX_VALUE : BACKLOG_MAX);
    for (int lane = 0; lane < CONNECTIONS; lane++) {
      int first = lane;
      int[] shards =
          IntStream.range(0, SHARDS).filter(shard -> shard % CONNECTIONS == first).toArray();
      lanes.add(new CeilingLane(vertx, database.settings(), lane, shards, backlog));
    }
    this.relay = kafka == null ? null : new PolledRelay(vertx, database, kafka, backlog);
  }

  @Override
  public String name() {
    return relay == null ? "ceiling" : "ceiling, polled relay";
  }

  /** Latencies are those of a batch from its first commit to its last. */
  @Override
  public Run run(Bounds bounds) {
    Run run = Clients.run(bounds, lanes);
    check();
    return run;
  }

  @Override
  public void close() {
    if (relay != null) {
      relay.close();
    }
    lanes.forEach(CeilingLane::close);
    database.close();
    Await.result(vertx.close(), ANSWER_MAX);
  }

  private void check() {
    long payments = lanes.stream().mapToLong(CeilingLane::payments).sum();
    long events = payments * CeilingLane.EVENTS;
    Row row = database.row(CHECK);
    if (row.getLong(0) != payments
        || row.getLong(1) != payments
        || row.getLong(2) != payments * CeilingLane.TRANSFERS
        || row.getLong(3) != events
        || row.getLong(4) != 0
        || row.getLong(5) != 0) {
      throw new IllegalStateException(
          "%d payments were made, but the tables say %s".formatted(payments, row.deepToString()));
    }
    if (relay != null) {
      backlog.awaitEmpty(DRAIN_MAX);
      relay.check(events);
    }
  }

  private static String streams() {
    return """
      select shard.install('payment.shard', %d, true), shard.install('ledger.lane', %d, true);
      update outbox.stream set owner = '%s', epoch = 1;
      create table public.relayed (stream text primary key, seq bigint not null) with (fillfactor = 20);
      insert into public.relayed select stream, 0 from outbox.stream
      """
        .formatted(SHARDS, CONNECTIONS, CeilingLane.OWNER);
  }

  /** Number 0 of a lane is what the PSP owes; each merchant has an account and the next one. */
  private static String accounts(int lane) {
    String id = CeilingLane.account(lane, 0).toString();
    return """
      insert into ledger.account (account_id, tenant, name, currency, normal_side, balance_limit, closed,
        debits_posted, credits_posted, debits_pending, credits_pending, version, created_at, updated_at)
      select ('%s' || lpad(to_hex(i), 12, '0'))::uuid, '%s',
             case when i = 0 then 'psp_receivable:simulator'
                  when i %% 2 = 1 then 'merchant:merchant-' || i / 2 || ':pending'
                  else 'merchant:merchant-' || i / 2 - 1 || ':available' end,
             'EUR', case when i = 0 then 1 else 2 end, case when i > 0 and i %% 2 = 0 then 2 else 1 end, false,
             0, 0, 0, 0, 1, now(), now()
        from generate_series(0, %d) i
      """
        .formatted(
            id.substring(0, id.length() - 12), CeilingLane.tenant(lane), 2 * CeilingLane.MERCHANTS);
  }
}
