package dev.ducat.ledger;

import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferKind;
import io.vertx.sqlclient.Row;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** How rows of the ledger's tables become what the code knows. */
final class LedgerRows {
  /** Of {@code ledger.account a}. */
  static final String ACCOUNT_COLUMNS =
      """
      a.account_id, a.tenant, a.name, a.currency, a.normal_side, a.balance_limit, a.closed, a.debits_posted,
      a.credits_posted, a.debits_pending, a.credits_pending, a.version, a.created_at, a.updated_at
      """;

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

  private LedgerRows() {}

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
        instantOrNull(row, 15),
        row.getOffsetDateTime(16).toInstant());
  }

  static TransferKind kind(Row row, int position) {
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

  private static @Nullable Instant instantOrNull(Row row, int position) {
    OffsetDateTime time = row.getOffsetDateTime(position);
    return time == null ? null : time.toInstant();
  }
}
