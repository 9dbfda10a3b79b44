package dev.ducat.bench.yardstick;

import dev.ducat.kernel.sql.SqlStatement;
import dev.ducat.ledger.LedgerWriteStore;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The books of one tenant, with just enough arithmetic that the statements of {@link
 * LedgerWriteStore} find the versions and balances they insist on: a transfer row for each
 * transfer, one row for each account that a batch has moved.
 */
final class CeilingBooks {
  static final int POST = 1;
  static final int HOLD = 2;
  static final int POST_HOLD = 3;

  /** What an account's row holds; it changes with each transfer. */
  static final class Account {
    final UUID id;
    long debitsPosted;
    long creditsPosted;
    long debitsPending;
    long creditsPending;
    long version = 1;

    Account(UUID id) {
      this.id = id;
    }

    private After after() {
      return new After(id, debitsPosted, creditsPosted, debitsPending, creditsPending, version);
    }
  }

  private record After(
      UUID id,
      long debitsPosted,
      long creditsPosted,
      long debitsPending,
      long creditsPending,
      long version) {}

  private record Changed(After account, long expected, OffsetDateTime time) {}

  private record Transfer(
      String tenant,
      int lane,
      UUID id,
      int kind,
      @Nullable UUID hold,
      String reference,
      After debit,
      After credit,
      OffsetDateTime time) {}

  private static final Buffer CHAIN = PaymentLife.bytes(32);

  private static final Unnested<Changed> UPDATE_ACCOUNTS =
      new Unnested<>(LedgerWriteStore.UPDATE_ACCOUNTS, changed());
  private static final Unnested<Transfer> INSERT_TRANSFERS =
      new Unnested<>(LedgerWriteStore.INSERT_TRANSFERS, transfer());

  private final String tenant;
  private final int lane;
  private final Map<Account, Long> touched = new LinkedHashMap<>();
  private final List<Transfer> transfers = new ArrayList<>();
  private Instant last = Instant.EPOCH;

  CeilingBooks(String tenant, int lane) {
    this.tenant = tenant;
    this.lane = lane;
  }

  /** Moves a payment's amount; {@code hold} is what a post of a hold resolves. */
  void move(
      int kind, UUID id, @Nullable UUID hold, String reference, Account debit, Account credit) {
    touched.putIfAbsent(debit, debit.version);
    touched.putIfAbsent(credit, credit.version);
    long pending = kind == HOLD ? PaymentLife.AMOUNT : kind == POST_HOLD ? -PaymentLife.AMOUNT : 0;
    long posted = kind == HOLD ? 0 : PaymentLife.AMOUNT;
    debit.debitsPending += pending;
    debit.debitsPosted += posted;
    debit.version++;
    credit.creditsPending += pending;
    credit.creditsPosted += posted;
    credit.version++;
    transfers.add(
        new Transfer(
            tenant, lane, id, kind, hold, reference, debit.after(), credit.after(), tick()));
  }

  /** When the next transfer is booked: times of a lane strictly increase. */
  private OffsetDateTime tick() {
    Instant now = Instant.now();
    last = now.isAfter(last.plusNanos(1_000)) ? now : last.plusNanos(1_000);
    return last.atOffset(ZoneOffset.UTC);
  }

  /** The ledger lane's statements for what was moved since the last call. */
  List<SqlStatement> statements() {
    OffsetDateTime now = last.atOffset(ZoneOffset.UTC);
    List<Changed> changed = new ArrayList<>();
    touched.forEach(
        (account, expected) -> changed.add(new Changed(account.after(), expected, now)));
    List<SqlStatement> statements =
        List.of(UPDATE_ACCOUNTS.of(changed), INSERT_TRANSFERS.of(transfers));
    touched.clear();
    transfers.clear();
    return statements;
  }

  private static Map<String, Function<Changed, @Nullable Object>> changed() {
    Map<String, Function<Changed, @Nullable Object>> of = new HashMap<>();
    of.put("id", row -> row.account.id);
    of.put("expected", row -> row.expected);
    of.put("debits_posted", row -> row.account.debitsPosted);
    of.put("credits_posted", row -> row.account.creditsPosted);
    of.put("debits_pending", row -> row.account.debitsPending);
    of.put("credits_pending", row -> row.account.creditsPending);
    of.put("version", row -> row.account.version);
    of.put("updated_at", row -> row.time);
    return of;
  }

  private static Map<String, Function<Transfer, @Nullable Object>> transfer() {
    Map<String, Function<Transfer, @Nullable Object>> of = new HashMap<>();
    of.put("tenant", row -> row.tenant);
    of.put("transfer_id", row -> row.id);
    of.put("lane", row -> (short) row.lane);
    of.put("kind", row -> (short) row.kind);
    of.put("debit_account", row -> row.debit.id);
    of.put("credit_account", row -> row.credit.id);
    of.put("amount", row -> PaymentLife.AMOUNT);
    of.put("currency", row -> "EUR");
    of.put("hold_id", row -> row.hold);
    of.put("linked", row -> false);
    of.put("keep_remainder", row -> false);
    of.put("remainder_hold_id", row -> null);
    of.put("reference", row -> row.reference);
    of.put("description", row -> "");
    of.put("hold_expires_at", row -> null);
    of.put("booked_at", row -> row.time);
    of.put("chain", row -> CHAIN);
    after(of, "debit", row -> row.debit);
    after(of, "credit", row -> row.credit);
    return of;
  }

  private static void after(
      Map<String, Function<Transfer, @Nullable Object>> of,
      String side,
      Function<Transfer, After> account) {
    of.put(side + "_debits_posted", row -> account.apply(row).debitsPosted);
    of.put(side + "_credits_posted", row -> account.apply(row).creditsPosted);
    of.put(side + "_debits_pending", row -> account.apply(row).debitsPending);
    of.put(side + "_credits_pending", row -> account.apply(row).creditsPending);
    of.put(side + "_version", row -> account.apply(row).version);
  }
}
