package dev.ducat.ledger;

import dev.ducat.kernel.sql.SqlStatement;
import dev.ducat.proto.ledger.v1.TransferResult;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a ledger lane writes. Every statement fails when a row was there already, or was not at the
 * version that memory believed: by a unique index, or by counting its rows (DF002). The lane then
 * reads everything anew. Texts are public for the bench, which runs them without the lane around
 * them.
 */
public final class LedgerWriteStore {
  private static final String INSERT_ACCOUNTS =
      """
      with written as (
        insert into ledger.account (account_id, tenant, name, currency, normal_side, balance_limit, closed,
                                    debits_posted, credits_posted, debits_pending, credits_pending, version,
                                    created_at, updated_at)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::smallint[],
                             $7::boolean[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
                             $13::timestamptz[], $14::timestamptz[])
        on conflict do nothing returning 1)
      select outbox.expect('ledger.account', cardinality($1::uuid[]), count(*)) from written
      """;

  public static final String UPDATE_ACCOUNTS =
      """
      with written as (
        update ledger.account a
           set debits_posted = u.debits_posted, credits_posted = u.credits_posted, debits_pending = u.debits_pending,
               credits_pending = u.credits_pending, version = u.version, updated_at = u.updated_at
          from (select unnest($1::uuid[]) as id, unnest($2::bigint[]) as expected,
            unnest($3::bigint[]) as debits_posted, unnest($4::bigint[]) as credits_posted,
            unnest($5::bigint[]) as debits_pending, unnest($6::bigint[]) as credits_pending,
            unnest($7::bigint[]) as version, unnest($8::timestamptz[]) as updated_at) as u
         where a.account_id = u.id and a.version = u.expected
        returning 1)
      select outbox.expect('ledger.account', cardinality($1::uuid[]), count(*)) from written
      """;

  // Apart from the counters, which almost every batch writes: accounts are hardly ever closed.
  static final String CLOSE_ACCOUNTS =
      """
      with written as (
        update ledger.account a set closed = true
          from (select unnest($1::uuid[]) as id, unnest($2::bigint[]) as expected) as c
         where a.account_id = c.id and a.version = c.expected and not a.closed
        returning 1)
      select outbox.expect('ledger.account', cardinality($1::uuid[]), count(*)) from written
      """;

  // No ON CONFLICT: Postgres would look each id up once more and write a confirmation of every row.
  // An id that is there after all fails the transaction, and the lane reads everything anew.
  public static final String INSERT_TRANSFERS =
      """
      insert into ledger.transfer (tenant, transfer_id, lane, kind, debit_account, credit_account, amount, currency,
                                   hold_id, linked, keep_remainder, remainder_hold_id, reference, description,
                                   hold_expires_at, booked_at,
                                   debit_debits_posted, debit_credits_posted, debit_debits_pending,
                                   debit_credits_pending, debit_version,
                                   credit_debits_posted, credit_credits_posted, credit_debits_pending,
                                   credit_credits_pending, credit_version, chain)
      select unnest($1::text[]), unnest($2::uuid[]), unnest($3::smallint[]), unnest($4::smallint[]),
        unnest($5::uuid[]), unnest($6::uuid[]), unnest($7::bigint[]), unnest($8::text[]), unnest($9::uuid[]),
        unnest($10::boolean[]), unnest($11::boolean[]), unnest($12::uuid[]), unnest($13::text[]),
        unnest($14::text[]), unnest($15::timestamptz[]), unnest($16::timestamptz[]), unnest($17::bigint[]),
        unnest($18::bigint[]), unnest($19::bigint[]), unnest($20::bigint[]), unnest($21::bigint[]),
        unnest($22::bigint[]), unnest($23::bigint[]), unnest($24::bigint[]), unnest($25::bigint[]),
        unnest($26::bigint[]), unnest($27::bytea[])
      """;

  private static final String INSERT_REFUSALS =
      """
      with written as (
        insert into ledger.refusal (tenant, transfer_id, lane, result, request, refused_at)
        select * from unnest($1::text[], $2::uuid[], $3::smallint[], $4::smallint[], $5::bytea[], $6::timestamptz[])
        on conflict do nothing returning 1)
      select outbox.expect('ledger.refusal', cardinality($1::text[]), count(*)) from written
      """;

  /** A new transfer with what the lane adds to it. */
  record TransferRow(int lane, BookedTransfer transfer, Buffer chain) {}

  /** A new refusal with what the lane adds to it. */
  record RefusalRow(int lane, Draft.Refused refused, Instant refusedAt) {}

  /**
   * An account that has changed.
   *
   * @param expectedVersion the version in the database
   */
  record ChangedAccount(Account account, long expectedVersion) {}

  private LedgerWriteStore() {}

  static SqlStatement insertAccounts(List<Account> rows) {
    return new SqlStatement(
        INSERT_ACCOUNTS,
        Tuple.from(
            new Object[] {
              column(rows, UUID[]::new, Account::id),
              column(rows, String[]::new, a -> a.key().tenant()),
              column(rows, String[]::new, a -> a.key().name()),
              column(rows, String[]::new, a -> a.key().currency()),
              column(rows, Short[]::new, a -> (short) a.side().getNumber()),
              column(rows, Short[]::new, a -> (short) a.limit().getNumber()),
              column(rows, Boolean[]::new, Account::closed),
              column(rows, Long[]::new, a -> a.counters().debitsPosted()),
              column(rows, Long[]::new, a -> a.counters().creditsPosted()),
              column(rows, Long[]::new, a -> a.counters().debitsPending()),
              column(rows, Long[]::new, a -> a.counters().creditsPending()),
              column(rows, Long[]::new, a -> a.counters().version()),
              column(rows, OffsetDateTime[]::new, a -> utc(a.createdAt())),
              column(rows, OffsetDateTime[]::new, a -> utc(a.updatedAt()))
            }));
  }

  /** Absolute counters, one row per account however many transfers moved it. */
  static SqlStatement updateAccounts(List<ChangedAccount> rows) {
    return new SqlStatement(
        UPDATE_ACCOUNTS,
        Tuple.from(
            new Object[] {
              column(rows, UUID[]::new, a -> a.account().id()),
              column(rows, Long[]::new, ChangedAccount::expectedVersion),
              column(rows, Long[]::new, a -> a.account().counters().debitsPosted()),
              column(rows, Long[]::new, a -> a.account().counters().creditsPosted()),
              column(rows, Long[]::new, a -> a.account().counters().debitsPending()),
              column(rows, Long[]::new, a -> a.account().counters().creditsPending()),
              column(rows, Long[]::new, a -> a.account().counters().version()),
              column(rows, OffsetDateTime[]::new, a -> utc(a.account().updatedAt()))
            }));
  }

  /** After {@link #updateAccounts} of the same accounts: at the version that they have then. */
  static SqlStatement closeAccounts(List<Account> rows) {
    return new SqlStatement(
        CLOSE_ACCOUNTS,
        Tuple.from(
            new Object[] {
              column(rows, UUID[]::new, Account::id),
              column(rows, Long[]::new, a -> a.counters().version())
            }));
  }

  static SqlStatement insertTransfers(List<TransferRow> rows) {
    return new SqlStatement(
        INSERT_TRANSFERS,
        Tuple.from(
            new Object[] {
              column(rows, String[]::new, r -> r.transfer().tenant()),
              column(rows, UUID[]::new, r -> r.transfer().id()),
              column(rows, Short[]::new, r -> (short) r.lane()),
              column(rows, Short[]::new, r -> (short) r.transfer().kind().getNumber()),
              column(rows, UUID[]::new, r -> r.transfer().debit().accountId()),
              column(rows, UUID[]::new, r -> r.transfer().credit().accountId()),
              column(rows, Long[]::new, r -> r.transfer().amount()),
              column(rows, String[]::new, r -> r.transfer().currency()),
              column(rows, UUID[]::new, r -> r.transfer().holdId()),
              column(rows, Boolean[]::new, r -> r.transfer().linked()),
              column(rows, Boolean[]::new, r -> r.transfer().keepRemainder()),
              column(rows, UUID[]::new, r -> r.transfer().remainderId()),
              column(rows, String[]::new, r -> r.transfer().reference()),
              column(rows, String[]::new, r -> r.transfer().description()),
              column(rows, OffsetDateTime[]::new, r -> utcOrNull(r.transfer().expiresAt())),
              column(rows, OffsetDateTime[]::new, r -> utc(r.transfer().bookedAt())),
              column(rows, Long[]::new, r -> r.transfer().debit().after().debitsPosted()),
              column(rows, Long[]::new, r -> r.transfer().debit().after().creditsPosted()),
              column(rows, Long[]::new, r -> r.transfer().debit().after().debitsPending()),
              column(rows, Long[]::new, r -> r.transfer().debit().after().creditsPending()),
              column(rows, Long[]::new, r -> r.transfer().debit().after().version()),
              column(rows, Long[]::new, r -> r.transfer().credit().after().debitsPosted()),
              column(rows, Long[]::new, r -> r.transfer().credit().after().creditsPosted()),
              column(rows, Long[]::new, r -> r.transfer().credit().after().debitsPending()),
              column(rows, Long[]::new, r -> r.transfer().credit().after().creditsPending()),
              column(rows, Long[]::new, r -> r.transfer().credit().after().version()),
              column(rows, Buffer[]::new, TransferRow::chain)
            }));
  }

  static SqlStatement insertRefusals(List<RefusalRow> rows) {
    return new SqlStatement(
        INSERT_REFUSALS,
        Tuple.from(
            new Object[] {
              column(rows, String[]::new, r -> r.refused().key().tenant()),
              column(rows, UUID[]::new, r -> r.refused().key().id()),
              column(rows, Short[]::new, r -> (short) r.lane()),
              column(rows, Short[]::new, r -> (short) result(r.refused().entry()).getNumber()),
              column(rows, Buffer[]::new, r -> request(r.refused().entry())),
              column(rows, OffsetDateTime[]::new, r -> utc(r.refusedAt()))
            }));
  }

  private static TransferResult result(Entry refused) {
    return switch (refused) {
      case Entry.Failed failed -> failed.result();
      case Entry.Voided voided -> TransferResult.TRANSFER_RESULT_HOLD_VOIDED_BEFORE_CREATION;
      case Entry.Booked booked -> throw new IllegalStateException("not refused: " + booked);
    };
  }

  private static @Nullable Buffer request(Entry refused) {
    return refused instanceof Entry.Failed failed
        ? Buffer.buffer(failed.command().request().toByteArray())
        : null;
  }

  private static OffsetDateTime utc(Instant time) {
    return time.atOffset(ZoneOffset.UTC);
  }

  private static @Nullable OffsetDateTime utcOrNull(@Nullable Instant time) {
    return time == null ? null : utc(time);
  }

  /** One column of many rows. */
  private static <R, V> @Nullable V[] column(
      Collection<R> rows,
      IntFunction<@Nullable V[]> array,
      Function<R, ? extends @Nullable V> value) {
    @Nullable V[] column = array.apply(rows.size());
    int i = 0;
    for (R row : rows) {
      column[i++] = value.apply(row);
    }
    return column;
  }
}
