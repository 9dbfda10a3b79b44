package dev.ducat.bench.yardstick;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.ducat.bench.yardstick.PaymentLife.Paid;
import dev.ducat.bench.yardstick.PaymentLife.Stage;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.sql.SqlStatement;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * One connection of the ceiling: it takes whole batches of payments through their lives, commit
 * after commit, with the streams, accounts and shards of a tenant that no other connection touches.
 */
final class CeilingLane implements Clients.Client {
  static final int MERCHANTS = 1_000;

  /** Payments in a batch. */
  static final int BATCH = 500;

  /** Transfers of a payment, and events of transfers. */
  static final int TRANSFERS = 3;

  static final int EVENTS = PaymentLife.EVENTS + TRANSFERS;
  static final UUID OWNER = new UUID(0x8000L, 1);
  static final String PAYMENTS = "bench.ceiling.payments";
  static final String LEDGER = "bench.ceiling.ledger";

  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);
  private static final Buffer CHAIN = PaymentLife.bytes(32);
  private static final PaymentLife.Event HELD =
      new PaymentLife.Event("dev.ducat.transfer.held.v1", PaymentLife.bytes(236));
  private static final PaymentLife.Event HOLD_POSTED =
      new PaymentLife.Event("dev.ducat.transfer.hold_posted.v1", PaymentLife.bytes(274));
  private static final PaymentLife.Event POSTED =
      new PaymentLife.Event("dev.ducat.transfer.posted.v1", PaymentLife.bytes(247));

  /** A stream as of the last commit. */
  private static final class Stream {
    long n;
    long head;
  }

  private final String tenant;
  private final String ledgerStream;
  private final int[] shards;
  private final Context context;
  private final PgConnection connection;
  private final Backlog backlog;
  private final CeilingBooks books;
  private final CeilingBooks.Account receivable;
  private final CeilingBooks.Account[] pending = new CeilingBooks.Account[MERCHANTS];
  private final CeilingBooks.Account[] available = new CeilingBooks.Account[MERCHANTS];
  private final SortedMap<String, Stream> streams = new TreeMap<>();
  private long batches;

  /**
   * Connects; {@link Ceiling} has made accounts and streams.
   *
   * @param number of this lane, from 0
   * @param shards that are its own
   */
  CeilingLane(Vertx vertx, PgSettings database, int number, int[] shards, Backlog backlog) {
    this.tenant = tenant(number);
    this.ledgerStream = "ledger.lane." + number;
    this.shards = shards;
    this.backlog = backlog;
    this.books = new CeilingBooks(tenant, number);
    this.receivable = new CeilingBooks.Account(account(number, 0));
    for (int merchant = 0; merchant < MERCHANTS; merchant++) {
      pending[merchant] = new CeilingBooks.Account(account(number, 1 + 2 * merchant));
      available[merchant] = new CeilingBooks.Account(account(number, 2 + 2 * merchant));
    }
    this.context = vertx.getOrCreateContext();
    Promise<PgConnection> connected = Promise.promise();
    context.runOnContext(
        now ->
            PgConnection.connect(vertx, database.forLanes("bench-ceiling")).onComplete(connected));
    this.connection = Await.result(connected.future(), ANSWER_MAX);
  }

  static String tenant(int lane) {
    return "tenant" + lane;
  }

  /** The id of an account: lane and number, the receivable 0, then two for each merchant. */
  static UUID account(int lane, int number) {
    return new UUID(0x8000L | ((long) lane << 32), number);
  }

  long payments() {
    return batches * BATCH;
  }

  @Override
  public int once() {
    List<Paid> batch = new ArrayList<>(BATCH);
    ThreadLocalRandom random = ThreadLocalRandom.current();
    for (int i = 0; i < BATCH; i++) {
      int shard = shards[random.nextInt(shards.length)];
      batch.add(Paid.create(tenant, random.nextInt(MERCHANTS), shard));
    }
    commitPayments(batch, PaymentLife.CREATED);
    commitHolds(batch);
    commitPayments(batch, PaymentLife.AUTHORIZED);
    commitPostsAndSettlements(batch);
    commitPayments(batch, PaymentLife.SETTLED);
    batches++;
    backlog.wrote((long) BATCH * EVENTS);
    return BATCH;
  }

  void close() {
    Await.result(connection.close(), ANSWER_MAX);
  }

  private void commitPayments(List<Paid> batch, Stage stage) {
    OffsetDateTime now = Instant.now().atOffset(ZoneOffset.UTC);
    Commit commit = new Commit(now.toInstant());
    for (Paid paid : batch) {
      long version = stage.version() - stage.events().size();
      for (PaymentLife.Event event : stage.events()) {
        String stream = "payment.shard." + paid.shard();
        commit.append(stream, PAYMENTS, paid.text(), event, "/ducat/payments", ++version);
      }
    }
    commit.run(PaymentLife.statements(batch, stage, now), null);
  }

  private void commitHolds(List<Paid> batch) {
    Commit commit = new Commit(Instant.now());
    for (Paid paid : batch) {
      CeilingBooks.Account owed = pending[paid.merchant()];
      books.move(CeilingBooks.HOLD, paid.hold(), null, paid.text(), receivable, owed);
      commit.transfer(paid.hold(), HELD);
    }
    commit.run(books.statements(), CHAIN);
  }

  private void commitPostsAndSettlements(List<Paid> batch) {
    Commit commit = new Commit(Instant.now());
    for (Paid paid : batch) {
      CeilingBooks.Account owed = pending[paid.merchant()];
      CeilingBooks.Account free = available[paid.merchant()];
      books.move(CeilingBooks.POST_HOLD, paid.post(), paid.hold(), paid.text(), receivable, owed);
      books.move(CeilingBooks.POST, paid.settle(), null, paid.text(), owed, free);
      commit.transfer(paid.post(), HOLD_POSTED);
      commit.transfer(paid.settle(), POSTED);
    }
    commit.run(books.statements(), CHAIN);
  }

  /** One transaction: the fence, the lane's statements, the events. */
  private final class Commit {
    private final Instant now;
    private final SortedMap<String, Stream> written = new TreeMap<>();
    private final List<StoredEvent> events = new ArrayList<>();

    Commit(Instant now) {
      this.now = now;
    }

    void transfer(UUID id, PaymentLife.Event event) {
      append(ledgerStream, LEDGER, IdKind.TRANSFER.text(id), event, "/ducat/ledger", 0);
    }

    void append(
        String name,
        String topic,
        String key,
        PaymentLife.Event event,
        String source,
        long version) {
      Stream stream = streams.computeIfAbsent(name, first -> new Stream());
      written.put(name, stream);
      events.add(
          new StoredEvent(
              name,
              ++stream.head,
              new OutboxEvent(
                  UuidCreator.getTimeOrderedEpoch(),
                  topic,
                  key,
                  event.type(),
                  source,
                  event.payload(),
                  version,
                  tenant,
                  null,
                  now)));
    }

    /** All of it on the wire before the first answer, as the lanes do. */
    void run(List<SqlStatement> statements, @Nullable Buffer chain) {
      List<SqlStatement> all = new ArrayList<>();
      all.add(fence(chain));
      all.addAll(statements);
      all.add(OutboxStore.insert(events));
      Promise<Object> committed = Promise.promise();
      context.runOnContext(go -> send(all).onComplete(committed));
      Await.result(committed.future(), ANSWER_MAX);
      written.values().forEach(stream -> stream.n++);
    }

    private Future<Object> send(List<SqlStatement> statements) {
      List<Future<?>> answers = new ArrayList<>();
      answers.add(connection.query("BEGIN").execute());
      for (SqlStatement statement : statements) {
        answers.add(connection.preparedQuery(statement.text()).execute(statement.parameters()));
      }
      answers.add(connection.query("COMMIT").execute());
      return Future.all(answers).mapEmpty();
    }

    private SqlStatement fence(@Nullable Buffer chain) {
      int count = written.size();
      Long[] epochs = new Long[count];
      Long[] ns = new Long[count];
      Long[] heads = new Long[count];
      @Nullable Buffer[] chains = new Buffer[count];
      int i = 0;
      for (Stream stream : written.values()) {
        epochs[i] = 1L;
        ns[i] = stream.n;
        heads[i] = stream.head;
        chains[i] = chain;
        i++;
      }
      String[] names = written.keySet().toArray(String[]::new);
      return new SqlStatement(
          OutboxStore.FENCE, Tuple.from(new Object[] {names, OWNER, epochs, ns, heads, chains}));
    }
  }
}
