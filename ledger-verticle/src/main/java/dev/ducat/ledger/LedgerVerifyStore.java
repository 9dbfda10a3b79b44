package dev.ducat.ledger;

import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.OutboxStore.StreamHead;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.DatabaseRole;
import dev.ducat.kernel.sql.PgSettings;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Cursor;
import io.vertx.sqlclient.PreparedStatement;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The books as of one moment, read for their verification: one transaction that sees one snapshot,
 * so that whatever the lanes commit meanwhile, heads, transfers and accounts fit each other. For
 * one virtual thread.
 */
final class LedgerVerifyStore implements AutoCloseable {
  private static final String LANE_STREAMS = UnitKind.LEDGER_LANE.address(0).replaceFirst("0$", "");

  /** Rows on the wire at once: some 2 MB. */
  private static final int ROWS = 5_000;

  private static final Duration CONNECT_MAX = Duration.ofSeconds(10);

  /** The first rows of a lane come when all of it is sorted. */
  private static final Duration READ_MAX = Duration.ofMinutes(30);

  private static final String LANES =
      "select lane, count(*) from ledger.transfer group by lane order by lane";

  /**
   * A lane in the order of its chain. No index has that order: it would cost every transfer an
   * entry, and this reads all of it anyway. An account that is gone must not hide its transfers.
   */
  private static final String TRANSFERS =
      "select "
          + LedgerReadStore.TRANSFER_COLUMNS
          + """
            , t.chain, d.tenant, d.currency, d.balance_limit, c.tenant, c.currency, c.balance_limit
            from ledger.transfer t
            left join ledger.account d on d.account_id = t.debit_account
            left join ledger.account c on c.account_id = t.credit_account
            where t.lane = $1::smallint
            order by t.booked_at, t.transfer_id
            """;

  private static final String ACCOUNTS =
      "select "
          + LedgerReadStore.ACCOUNT_COLUMNS
          + "from ledger.account a where $1::text = '' or a.tenant = $1::text";

  private final PgConnection connection;

  /**
   * Who an account is.
   *
   * @param limit {@code ducat.ledger.v1.BalanceLimit}
   */
  record Owner(UUID id, String tenant, String name, String currency, int limit) {}

  /** A row of ledger.transfer with its accounts, where they are there. */
  record StoredTransfer(Row row) {
    private static final int CHAIN = LedgerReadStore.AFTER_TRANSFER;

    String tenant() {
      return row.getString(0);
    }

    UUID id() {
      return row.getUUID(1);
    }

    byte[] chain() {
      return row.getBuffer(CHAIN).getBytes();
    }

    /** Throws whatever it likes where the row was never written by a lane. */
    BookedTransfer transfer() {
      return LedgerReadStore.transfer(row);
    }

    @Nullable Owner debit() {
      return owner(3, CHAIN + 1);
    }

    @Nullable Owner credit() {
      return owner(5, CHAIN + 4);
    }

    private @Nullable Owner owner(int id, int rest) {
      String tenant = row.getString(rest);
      return tenant == null
          ? null
          : new Owner(
              row.getUUID(id),
              tenant,
              row.getString(id + 1),
              row.getString(rest + 1),
              row.getInteger(rest + 2));
    }
  }

  private LedgerVerifyStore(PgConnection connection) {
    this.connection = connection;
  }

  /** Connects and begins the transaction; its first query decides what it sees. */
  static LedgerVerifyStore open(Vertx vertx, PgSettings postgres) {
    LedgerVerifyStore store =
        new LedgerVerifyStore(
            Await.result(
                PgConnection.connect(
                    vertx, postgres.forQueries("ducat-verify", DatabaseRole.CHECKER)),
                CONNECT_MAX));
    try {
      store.begin();
      return store;
    } catch (RuntimeException refused) {
      store.close();
      throw refused;
    }
  }

  private void begin() {
    run("begin isolation level repeatable read, read only");
    run("set local statement_timeout = " + READ_MAX.toMillis());
  }

  /** How many transfers each lane has. */
  Map<Integer, Long> lanes() {
    Map<Integer, Long> lanes = new TreeMap<>();
    for (Row row : Await.result(connection.query(LANES).execute(), READ_MAX)) {
      lanes.put(row.getInteger(0), row.getLong(1));
    }
    return lanes;
  }

  /** Where the lanes' streams stand, by lane. */
  Map<Integer, StreamHead> heads() {
    Map<Integer, StreamHead> heads = new TreeMap<>();
    for (StreamHead head : Await.result(OutboxStore.streams(connection, LANE_STREAMS), READ_MAX)) {
      heads.put(Integer.valueOf(head.stream().substring(LANE_STREAMS.length())), head);
    }
    return heads;
  }

  /** Each transfer of a lane, in order; {@code pause} is called between pages. */
  void transfers(int lane, Consumer<StoredTransfer> each, Runnable pause) {
    read(TRANSFERS, Tuple.of((short) lane), row -> each.accept(new StoredTransfer(row)), pause);
  }

  /** Each account, of all tenants where {@code tenant} is empty. */
  void accounts(String tenant, Consumer<Account> each, Runnable pause) {
    read(ACCOUNTS, Tuple.of(tenant), row -> each.accept(LedgerReadStore.account(row)), pause);
  }

  private void read(String text, Tuple parameters, Consumer<Row> each, Runnable pause) {
    PreparedStatement statement = Await.result(connection.prepare(text), READ_MAX);
    Cursor cursor = statement.cursor(parameters);
    do {
      RowSet<Row> page = Await.result(cursor.read(ROWS), READ_MAX);
      page.forEach(each);
      pause.run();
    } while (cursor.hasMore());
    Await.result(cursor.close(), READ_MAX);
    Await.result(statement.close(), READ_MAX);
  }

  private void run(String text) {
    Await.result(connection.query(text).execute(), READ_MAX);
  }

  /** Ends the transaction with its connection, whatever is on its way there. */
  @Override
  public void close() {
    connection.close();
  }
}
