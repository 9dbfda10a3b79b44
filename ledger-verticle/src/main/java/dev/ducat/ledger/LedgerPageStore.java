package dev.ducat.ledger;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lists of a tenant's books, page by page. A page goes on after the key of the last row before it,
 * so it costs the same however far in it is, and rows that come meanwhile move nothing.
 */
final class LedgerPageStore {
  private static final String ACCOUNTS =
      "select "
          + LedgerReadStore.ACCOUNT_COLUMNS
          + """
            from ledger.account a
            where a.tenant = $1::text and a.name >= $2::text and a.name < $3::text
              and (a.name, a.currency) > ($4::text, $5::text) and ($6::text = '' or a.currency = $6::text)
            order by a.name, a.currency limit $7::int
            """;

  /** The part that all lists of transfers share. Within a tenant no two have the same time. */
  private static final String FILTER =
      """
       t.booked_at >= $2::timestamptz and t.booked_at < $3::timestamptz
         and ($4::text = '' or t.currency = $4::text) and ($5::text = '' or t.reference = $5::text)
      """;

  private static final String TRANSFERS =
      "select "
          + LedgerReadStore.TRANSFER_COLUMNS
          + "from ledger.transfer t "
          + LedgerReadStore.JOIN_ACCOUNTS
          + "where t.tenant collate \"C\" = $1::text and "
          + FILTER
          + " order by t.booked_at desc limit $6::int";

  private static final String TRANSFERS_OF_REFERENCE =
      "select "
          + LedgerReadStore.TRANSFER_COLUMNS
          + "from ledger.transfer t "
          + LedgerReadStore.JOIN_ACCOUNTS
          + "where t.tenant collate \"C\" = $1::text and t.reference = $5::text and t.reference <> '' and "
          + FILTER
          + " and ($7::text = '' or d.name = $7::text or c.name = $7::text)"
          + " order by t.booked_at desc limit $6::int";

  /** Both sides of the account, each by its index; no transfer is on both. */
  private static final String TRANSFERS_OF_ACCOUNT =
      "select "
          + LedgerReadStore.TRANSFER_COLUMNS
          + """
            from ledger.account a
            cross join lateral (
              (select t.* from ledger.transfer t where t.debit_account = a.account_id and"""
          + FILTER
          + """
               order by t.booked_at desc limit $6::int)
              union all
              (select t.* from ledger.transfer t where t.credit_account = a.account_id and"""
          + FILTER
          + """
               order by t.booked_at desc limit $6::int)) t
            """
          + LedgerReadStore.JOIN_ACCOUNTS
          + """
            where a.tenant = $1::text and a.name = $7::text and ($4::text = '' or a.currency = $4::text)
            order by t.booked_at desc limit $6::int
            """;

  /** Above every character that a name may have. */
  private static final String ABOVE_ALL_NAMES = "\u007f";

  /**
   * Which transfers.
   *
   * @param account name on either side; empty for any
   * @param currency empty for any
   * @param reference empty for any
   * @param from booked then or later
   * @param before booked before then
   */
  record TransfersWanted(
      String tenant,
      String account,
      String currency,
      String reference,
      Instant from,
      Instant before) {}

  private LedgerPageStore() {}

  /** Accounts by name, then currency, after {@code after}. */
  static Future<List<Account>> accounts(
      SqlClient client,
      String tenant,
      String prefix,
      String currency,
      @Nullable AccountKey after,
      int limit) {
    return client
        .preparedQuery(ACCOUNTS)
        .execute(
            Tuple.of(
                tenant,
                prefix,
                prefix + ABOVE_ALL_NAMES,
                after == null ? "" : after.name(),
                after == null ? "" : after.currency(),
                currency,
                limit))
        .map(rows -> rows.stream().map(LedgerReadStore::account).toList());
  }

  /** Transfers, newest first. */
  static Future<List<BookedTransfer>> transfers(
      SqlClient client, TransfersWanted wanted, int limit) {
    Tuple parameters =
        Tuple.of(
            wanted.tenant(),
            LedgerReadStore.utc(wanted.from()),
            LedgerReadStore.utc(wanted.before()),
            wanted.currency(),
            wanted.reference(),
            limit);
    String text;
    if (!wanted.reference().isEmpty()) {
      text = TRANSFERS_OF_REFERENCE;
      parameters.addString(wanted.account());
    } else if (!wanted.account().isEmpty()) {
      text = TRANSFERS_OF_ACCOUNT;
      parameters.addString(wanted.account());
    } else {
      text = TRANSFERS;
    }
    return client
        .preparedQuery(text)
        .execute(parameters)
        .map(rows -> rows.stream().map(LedgerReadStore::transfer).toList());
  }
}
