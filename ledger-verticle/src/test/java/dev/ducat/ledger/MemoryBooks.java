package dev.ducat.ledger;

import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferResult;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Books without a database, and the rules applied to them: every decision is taken up at once. */
final class MemoryBooks implements BooksView {
  private final Map<AccountKey, Account> accounts = new HashMap<>();
  private final Map<TransferKey, Entry> entries = new HashMap<>();
  private final List<BookedTransfer> booked = new ArrayList<>();
  private Instant last = Instant.EPOCH;
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private long accountsOpened;
  private final LedgerRules rules =
      new LedgerRules(() -> new UUID(7, ++accountsOpened), Set.of("trusted"));

  @Override
  public @Nullable Account account(AccountKey key) {
    return accounts.get(key);
  }

  @Override
  public @Nullable Entry entry(TransferKey key) {
    return entries.get(key);
  }

  @Override
  public Instant lastBookedAt() {
    return last;
  }

  Instant now() {
    return now;
  }

  void advance(Duration step) {
    now = now.plus(step);
  }

  MemoryBooks open(String name, NormalSide side, BalanceLimit limit) {
    AccountKey key = new AccountKey(Transfers.TENANT, name, "EUR");
    accounts.put(key, Account.opened(new UUID(7, ++accountsOpened), key, side, limit, now));
    return this;
  }

  /** A credit account without a limit. */
  MemoryBooks open(String name) {
    return open(name, NormalSide.NORMAL_SIDE_CREDIT, BalanceLimit.BALANCE_LIMIT_NONE);
  }

  void close(String name) {
    accounts.computeIfPresent(
        new AccountKey(Transfers.TENANT, name, "EUR"),
        (key, a) ->
            new Account(
                a.id(),
                key,
                a.side(),
                a.limit(),
                true,
                a.counters(),
                a.createdAt(),
                a.updatedAt()));
  }

  Counters counters(String name) {
    return Objects.requireNonNull(account(new AccountKey(Transfers.TENANT, name, "EUR")))
        .counters();
  }

  /** Everything booked so far, in order. */
  List<BookedTransfer> booked() {
    return booked;
  }

  Collection<Account> accounts() {
    return accounts.values();
  }

  /** All accounts by name. */
  SortedMap<String, Counters> balances() {
    SortedMap<String, Counters> balances = new TreeMap<>();
    accounts.forEach((key, account) -> balances.put(key.name(), account.counters()));
    return balances;
  }

  /** Decides a group and takes it up. */
  List<Outcome> apply(TransferGroup group) {
    return apply(Wire.group(group));
  }

  List<Outcome> apply(TransferGroupCommand group) {
    Draft draft = new Draft(this, now);
    List<Outcome> outcomes = rules.decide(draft, group);
    draft.accounts().forEach(account -> accounts.put(account.key(), account));
    entries.putAll(draft.entries());
    booked.addAll(draft.booked());
    last = draft.lastBookedAt();
    return outcomes;
  }

  /** Results alone, without their prefix: {@code CREATED}. */
  List<String> results(TransferGroup group) {
    return apply(group).stream().map(outcome -> nameOf(outcome.result())).toList();
  }

  static String nameOf(TransferResult result) {
    return result.name().substring("TRANSFER_RESULT_".length());
  }
}
