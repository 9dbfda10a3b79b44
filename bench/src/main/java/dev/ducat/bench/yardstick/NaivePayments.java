package dev.ducat.bench.yardstick;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.PgSettings;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The usual way, done well: one transaction per payment, with a unique key, an outbox row, a
 * transfer and two balances. Statements are prepared, and a transaction goes out whole, before the
 * first answer is awaited: measured against one round trip per statement over JDBC, that is the
 * faster client. The row that others may want comes last, so that it is locked the shortest.
 */
public final class NaivePayments implements Contestant {
  /** Numbers of connections worth trying; the best one is the yardstick. */
  public static final List<Integer> CONNECTIONS = List.of(8, 16, 32);

  private static final int MERCHANTS = 1_000;
  private static final int PAYERS = 1_000;
  private static final long AMOUNT = 1_250;
  private static final int EVENT_LOOPS = 2;
  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);

  /** As long as a payment event of Ducat. */
  private static final Buffer PAYLOAD = Buffer.buffer(new byte[300]);

  // Fillfactor 50 keeps the balance updates HOT; no index but the keys.
  private static final String SCHEMA =
      """
      create table payment (
        payment_id      uuid        primary key,
        idempotency_key text        not null unique,
        merchant_id     int         not null,
        payer_id        int         not null,
        amount          bigint      not null check (amount > 0),
        currency        text        not null,
        state           text        not null,
        create_time     timestamptz not null default now()
      );
      create table outbox (
        seq         bigint      generated always as identity primary key,
        topic       text        not null,
        key         text        not null,
        type        text        not null,
        payload     bytea       not null,
        create_time timestamptz not null default now()
      );
      create table transfer (
        transfer_id uuid        primary key,
        payment_id  uuid        not null,
        debit       int         not null,
        credit      int         not null,
        amount      bigint      not null check (amount > 0),
        create_time timestamptz not null default now()
      );
      create table account (
        account_id  int         primary key,
        balance     bigint      not null,
        update_time timestamptz not null default now()
      ) with (fillfactor = 50);
      insert into account (account_id, balance) select i, 0 from generate_series(1, 2000) i;
      analyze
      """;

  private static final String PAYMENT =
      """
      insert into payment (payment_id, idempotency_key, merchant_id, payer_id, amount, currency, state)
      values ($1::uuid, $2::text, $3::int, $4::int, $5::bigint, 'EUR', 'SETTLED')
      """;

  private static final String OUTBOX =
      """
      insert into outbox (topic, key, type, payload)
      values ('payments', $1::text, 'payment.settled', $2::bytea)
      """;

  private static final String TRANSFER =
      """
      insert into transfer (transfer_id, payment_id, debit, credit, amount)
      values ($1::uuid, $2::uuid, $3::int, $4::int, $5::bigint)
      """;

  private static final String MOVE =
      """
      update account set balance = balance + $2::bigint, update_time = now()
       where account_id = $1::int
      """;

  /** Payments with their rows, and what the balances say. */
  private static final String CHECK =
      """
      select (select count(*) from payment p join transfer t using (payment_id)), (select count(*) from outbox),
             (select coalesce(sum(balance), 0)::bigint from account where account_id <= 1000),
             (select coalesce(sum(balance), 0)::bigint from account)
      """;

  /** Who is paid. */
  public enum Merchants {
    SPREAD,
    /** All payments to one merchant: every transaction waits for that row. */
    HOT
  }

  private final Merchants merchants;
  private final Vertx vertx;
  private final OwnDatabase database;
  private final List<Payer> clients = new ArrayList<>();
  private final AtomicLong done = new AtomicLong();

  /**
   * Makes the database and connects.
   *
   * @param server any database of the server that Ducat runs on
   */
  public NaivePayments(PgSettings server, Merchants merchants, int connections) {
    this.merchants = merchants;
    this.vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(EVENT_LOOPS));
    String name = "bench_naive_%s_%d".formatted(merchants, connections);
    this.database = OwnDatabase.create(vertx, server, name.toLowerCase(Locale.ROOT));
    database.execute(SCHEMA);
    for (int i = 0; i < connections; i++) {
      Context context = vertx.getOrCreateContext();
      Promise<PgConnection> connected = Promise.promise();
      context.runOnContext(
          now ->
              PgConnection.connect(vertx, database.settings().forQueries("bench-naive"))
                  .onComplete(connected));
      clients.add(new Payer(context, Await.result(connected.future(), ANSWER_MAX)));
    }
  }

  @Override
  public String name() {
    return "naive %s, %d connections"
        .formatted(merchants == Merchants.HOT ? "hot" : "spread", clients.size());
  }

  @Override
  public Run run(Bounds bounds) {
    Run run = Clients.run(bounds, clients);
    check();
    return run;
  }

  @Override
  public void close() {
    clients.forEach(client -> Await.result(client.connection.close(), ANSWER_MAX));
    database.close();
    Await.result(vertx.close(), ANSWER_MAX);
  }

  private void check() {
    Row row = database.row(CHECK);
    long payments = done.get();
    if (row.getLong(0) != payments
        || row.getLong(1) != payments
        || row.getLong(2) != payments * AMOUNT
        || row.getLong(3) != 0) {
      throw new IllegalStateException(
          "%d payments were made, but the tables say %s".formatted(payments, row.deepToString()));
    }
  }

  /** A client with a connection of its own, as in pgbench. */
  private final class Payer implements Clients.Client {
    final Context context;
    final PgConnection connection;

    Payer(Context context, PgConnection connection) {
      this.context = context;
      this.connection = connection;
    }

    @Override
    public int once() {
      Promise<Object> paid = Promise.promise();
      context.runOnContext(now -> pay().onComplete(paid));
      Await.result(paid.future(), ANSWER_MAX);
      done.incrementAndGet();
      return 1;
    }

    private Future<Object> pay() {
      ThreadLocalRandom random = ThreadLocalRandom.current();
      UUID payment = UuidCreator.getTimeOrderedEpoch();
      UUID transfer = UuidCreator.getTimeOrderedEpoch();
      int merchant = merchants == Merchants.HOT ? 1 : 1 + random.nextInt(MERCHANTS);
      int payer = MERCHANTS + 1 + random.nextInt(PAYERS);
      String key = payment.toString();
      Future<RowSet<Row>> begin = connection.query("BEGIN").execute();
      List<Future<?>> answers =
          List.of(
              begin,
              send(PAYMENT, Tuple.of(payment, key, merchant, payer, AMOUNT)),
              send(OUTBOX, Tuple.of(key, PAYLOAD)),
              send(TRANSFER, Tuple.of(transfer, payment, payer, merchant, AMOUNT)),
              send(MOVE, Tuple.of(payer, -AMOUNT)),
              send(MOVE, Tuple.of(merchant, AMOUNT)),
              connection.query("COMMIT").execute());
      return Future.all(answers).mapEmpty();
    }

    private Future<RowSet<Row>> send(String sql, Tuple parameters) {
      return connection.preparedQuery(sql).execute(parameters);
    }
  }
}
