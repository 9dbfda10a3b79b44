package dev.ducat.ledger;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferResult;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * What is read of the ledger's tables by key: for the lanes in bulk, for queries one by one; and
 * how rows become what the code knows.
 */
final class LedgerReadStore {
  /** Of {@code ledger.account a}. */
  static final String ACCOUNT_COLUMNS =
      """
      a.account_id, a.tenant, a.name, a.currency, a.normal_side, a.balance_limit, a.closed, a.debits_posted,
      a.credits_posted, a.debits_pending, a.credits_pending, a.version, a.created_at, a.updated_at
      """;

  /** Position of the first column after {@link #ACCOUNT_COLUMNS}. */
  static final int AFTER_ACCOUNT = 14;

  /** Of {@code ledger.transfer t}, joined with both accounts, {@code d} and {@code c}. */
  static final String TRANSFER_COLUMNS =
      """
      t.tenant, t.transfer_id, t.kind, t.debit_account, d.name, t.credit_account, c.name, t.amount, t.currency,
      t.hold_id, t.linked, t.keep_remainder, t.remainder_hold_id, t.reference, t.description, t.hold_expires_at,
      t.booked_at, t.debit_debits_posted, t.debit_credits_posted, t.debit_debits_pending, t.debit_credits_pending,
      t.debit_version, t.credit_debits_posted, t.credit_credits_posted, t.credit_debits_pending,
      t.credit_credits_pending, t.credit_version
      """;

  /** Position of the first column after {@link #TRANSFER_COLUMNS}. */
  static final int AFTER_TRANSFER = 27;

  static final String JOIN_ACCOUNTS =
      """
      join ledger.account d on d.account_id = t.debit_account
      join ledger.account c on c.account_id = t.credit_account
      """;

  static final String FIND_ACCOUNTS =
      "select "
          + ACCOUNT_COLUMNS
          + """
            from unnest($1::text[], $2::text[], $3::text[]) as k(tenant, name, currency)
            join ledger.account a on a.tenant = k.tenant and a.name = k.name collate "C"
                                 and a.currency = k.currency collate "C"
            """;

  /** With the resolution of each that is a hold. */
  static final String FIND_TRANSFERS =
      "select "
          + TRANSFER_COLUMNS
          + """
            , r.kind
            from unnest($1::text[], $2::uuid[]) as k(tenant, id)
            join ledger.transfer t on t.tenant = k.tenant and t.transfer_id = k.id
            """
          + JOIN_ACCOUNTS
          + """
            left join ledger.transfer r
                   on r.tenant = t.tenant and r.hold_id = t.transfer_id and r.hold_id is not null
            """;

  static final String FIND_REFUSALS =
      """
      select f.tenant, f.transfer_id, f.result, f.request
        from unnest($1::text[], $2::uuid[]) as k(tenant, id)
        join ledger.refusal f on f.tenant = k.tenant and f.transfer_id = k.id
      """;

  private LedgerReadStore() {}

  static Future<List<Account>> findAccounts(SqlClient client, Collection<AccountKey> keys) {
    return client
        .preparedQuery(FIND_ACCOUNTS)
        .execute(
            Tuple.from(
                new Object[] {
                  keys.stream().map(AccountKey::tenant).toArray(String[]::new),
                  keys.stream().map(AccountKey::name).toArray(String[]::new),
                  keys.stream().map(AccountKey::currency).toArray(String[]::new)
                }))
        .map(rows -> rows.stream().map(LedgerReadStore::account).toList());
  }

  /** The transfers among these ids, each with how it was resolved if it is a hold. */
  static Future<Map<TransferKey, Entry>> findTransfers(
      SqlClient client, Collection<TransferKey> keys) {
    return client
        .preparedQuery(FIND_TRANSFERS)
        .execute(ids(keys))
        .map(
            rows -> {
              Map<TransferKey, Entry> found = new HashMap<>();
              for (Row row : rows) {
                BookedTransfer transfer = transfer(row);
                found.put(
                    transfer.key(),
                    new Entry.Booked(
                        transfer,
                        row.getInteger(AFTER_TRANSFER) == null ? null : kind(row, AFTER_TRANSFER)));
              }
              return found;
            });
  }

  /** What is recorded as refused among these ids. */
  static Future<Map<TransferKey, Entry>> findRefusals(
      SqlClient client, Collection<TransferKey> keys) {
    return client.preparedQuery(FIND_REFUSALS).execute(ids(keys)).map(LedgerReadStore::refusals);
  }

  private static Map<TransferKey, Entry> refusals(RowSet<Row> rows) {
    Map<TransferKey, Entry> found = new HashMap<>();
    for (Row row : rows) {
      Buffer request = row.getBuffer(3);
      found.put(
          new TransferKey(row.getString(0), row.getUUID(1)),
          request == null
              ? new Entry.Voided()
              : new Entry.Failed(
                  command(request),
                  Objects.requireNonNull(TransferResult.forNumber(row.getInteger(2)))));
    }
    return found;
  }

  private static TransferCommand command(Buffer request) {
    try {
      return Wire.transfer(NewTransfer.parseFrom(request.getBytes()), false);
    } catch (InvalidProtocolBufferException notOurs) {
      throw new IllegalStateException("a refusal that is not ours", notOurs);
    }
  }

  private static Tuple ids(Collection<TransferKey> keys) {
    return Tuple.from(
        new Object[] {
          keys.stream().map(TransferKey::tenant).toArray(String[]::new),
          keys.stream().map(TransferKey::id).toArray(UUID[]::new)
        });
  }

  static OffsetDateTime utc(Instant time) {
    return time.atOffset(ZoneOffset.UTC);
  }

  static Account account(Row row) {
    return new Account(
        row.getUUID(0),
        new AccountKey(row.getString(1), row.getString(2), row.getString(3)),
        Objects.requireNonNull(NormalSide.forNumber(row.getInteger(4))),
        Objects.requireNonNull(BalanceLimit.forNumber(row.getInteger(5))),
        row.getBoolean(6),
        counters(row, 7),
        row.getOffsetDateTime(12).toInstant(),
        row.getOffsetDateTime(13).toInstant());
  }

  static BookedTransfer transfer(Row row) {
    UUID holdId = row.getUUID(9);
    UUID remainderId = row.getUUID(12);
    OffsetDateTime expiresAt = row.getOffsetDateTime(15);
    return new BookedTransfer(
        row.getString(0),
        row.getUUID(1),
        kind(row, 2),
        new BookedTransfer.Side(row.getUUID(3), row.getString(4), counters(row, 17)),
        new BookedTransfer.Side(row.getUUID(5), row.getString(6), counters(row, 22)),
        row.getLong(7),
        row.getString(8),
        holdId,
        row.getBoolean(10),
        row.getBoolean(11),
        remainderId,
        row.getString(13),
        row.getString(14),
        expiresAt == null ? null : expiresAt.toInstant(),
        row.getOffsetDateTime(16).toInstant());
  }

  private static TransferKind kind(Row row, int position) {
    return Objects.requireNonNull(TransferKind.forNumber(row.getInteger(position)));
  }

  /**
   * Five columns from {@code first}: debits and credits posted, debits and credits pending,
   * version.
   */
  static Counters counters(Row row, int first) {
    return new Counters(
        row.getLong(first),
        row.getLong(first + 1),
        row.getLong(first + 2),
        row.getLong(first + 3),
        row.getLong(first + 4));
  }
}
