package dev.ducat.ledger;

import dev.ducat.kernel.sql.SqlStatement;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where the books meet the clock: balances of the past, holds that lapse, what lanes promised. */
final class LedgerTimeStore {
  static final String FIND_LAPSED_HOLDS =
      """
      select t.tenant, t.transfer_id, greatest(t.hold_expires_at, t.booked_at)
        from ledger.transfer t
        left join ledger.transfer r
               on r.tenant = t.tenant and r.hold_id = t.transfer_id and r.hold_id is not null
       where t.lane = $1::smallint and t.hold_expires_at is not null
         and greatest(t.hold_expires_at, t.booked_at) > $2::timestamptz
         and greatest(t.hold_expires_at, t.booked_at) <= $3::timestamptz
         and r.transfer_id is null
       order by greatest(t.hold_expires_at, t.booked_at)
       limit $4::int
      """;

  static final String FIND_TIMES =
      "select sealed_until, swept_until from ledger.lane_time where lane = $1::smallint";

  /**
   * An account with its last transfer at or before a time, and whether any may still be booked at
   * that time: not when the tenant's lane has promised so, or has booked later ones already.
   */
  static final String FIND_BALANCE =
      "select "
          + LedgerReadStore.ACCOUNT_COLUMNS
          + """
            , exists (select from ledger.transfer f where f.tenant collate "C" = $1::text and f.booked_at > $4::timestamptz)
              or exists (select from ledger.lane_time f where f.lane = $5::smallint and f.sealed_until >= $4::timestamptz),
              l.debits_posted, l.credits_posted, l.debits_pending, l.credits_pending, l.version
            from ledger.account a
            left join lateral (
              select * from (
                (select t.booked_at, t.debit_debits_posted as debits_posted, t.debit_credits_posted as credits_posted,
                        t.debit_debits_pending as debits_pending, t.debit_credits_pending as credits_pending,
                        t.debit_version as version
                   from ledger.transfer t where t.debit_account = a.account_id and t.booked_at <= $4::timestamptz
                  order by t.booked_at desc limit 1)
                union all
                (select t.booked_at, t.credit_debits_posted, t.credit_credits_posted, t.credit_debits_pending,
                        t.credit_credits_pending, t.credit_version
                   from ledger.transfer t where t.credit_account = a.account_id and t.booked_at <= $4::timestamptz
                  order by t.booked_at desc limit 1)) either
              order by booked_at desc limit 1) l on true
            where a.tenant = $1::text and a.name = $2::text and a.currency = $3::text
            """;

  private static final String PROMISE =
      """
      insert into ledger.lane_time as l (lane, sealed_until, swept_until)
      select * from unnest($1::smallint[], $2::timestamptz[], $3::timestamptz[])
      on conflict (lane) do update
         set sealed_until = greatest(l.sealed_until, excluded.sealed_until),
             swept_until = greatest(l.swept_until, excluded.swept_until)
      """;

  /**
   * A hold whose time is over.
   *
   * @param lapsedAt its time, or when it was booked if that was later
   */
  record LapsedHold(TransferKey key, Instant lapsedAt) {}

  /** What a lane has promised about time. */
  record Promised(Instant sealedUntil, Instant sweptUntil) {}

  /**
   * An account as it stood at a time.
   *
   * @param isFinal whether nothing can be booked at that time any more
   * @param counters just after its last transfer until then; null if there was none
   */
  record BalanceAt(Account account, boolean isFinal, @Nullable Counters counters) {}

  /** What a lane promises about time, see the columns of ledger.lane_time. */
  record LaneTimes(int lane, Instant sealedUntil, Instant sweptUntil) {}

  private LedgerTimeStore() {}

  /** Open holds of a lane that lapsed after {@code after} and not after {@code until}, by time. */
  static Future<List<LapsedHold>> findLapsedHolds(
      SqlClient client, int lane, Instant after, Instant until, int limit) {
    return client
        .preparedQuery(FIND_LAPSED_HOLDS)
        .execute(
            Tuple.of((short) lane, LedgerReadStore.utc(after), LedgerReadStore.utc(until), limit))
        .map(
            rows ->
                rows.stream()
                    .map(
                        row ->
                            new LapsedHold(
                                new TransferKey(row.getString(0), row.getUUID(1)),
                                row.getOffsetDateTime(2).toInstant()))
                    .toList());
  }

  static Future<Promised> findPromised(SqlClient client, int lane) {
    return client
        .preparedQuery(FIND_TIMES)
        .execute(Tuple.of((short) lane))
        .map(
            rows ->
                rows.stream()
                    .map(
                        row ->
                            new Promised(
                                row.getOffsetDateTime(0).toInstant(),
                                row.getOffsetDateTime(1).toInstant()))
                    .findFirst()
                    .orElse(new Promised(Instant.EPOCH, Instant.EPOCH)));
  }

  /** Empty when there is no such account now. */
  static Future<Optional<BalanceAt>> findBalance(
      SqlClient client, AccountKey key, int lane, Instant time) {
    return client
        .preparedQuery(FIND_BALANCE)
        .execute(
            Tuple.of(
                key.tenant(), key.name(), key.currency(), LedgerReadStore.utc(time), (short) lane))
        .map(
            rows ->
                rows.stream()
                    .map(
                        row ->
                            new BalanceAt(
                                LedgerReadStore.account(row),
                                row.getBoolean(LedgerReadStore.AFTER_ACCOUNT),
                                row.getLong(LedgerReadStore.AFTER_ACCOUNT + 1) == null
                                    ? null
                                    : LedgerReadStore.counters(
                                        row, LedgerReadStore.AFTER_ACCOUNT + 1)))
                    .findFirst());
  }

  /** Makes known to the next owners what this one has promised. */
  static SqlStatement promise(List<LaneTimes> rows) {
    int count = rows.size();
    Short[] lanes = new Short[count];
    OffsetDateTime[] sealed = new OffsetDateTime[count];
    OffsetDateTime[] swept = new OffsetDateTime[count];
    for (int i = 0; i < count; i++) {
      lanes[i] = (short) rows.get(i).lane();
      sealed[i] = LedgerReadStore.utc(rows.get(i).sealedUntil());
      swept[i] = LedgerReadStore.utc(rows.get(i).sweptUntil());
    }
    return new SqlStatement(PROMISE, Tuple.from(new Object[] {lanes, sealed, swept}));
  }
}
