package dev.ducat.ledger;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Changes laid over the books, which stay as they are: taken up when all of it is committed, thrown
 * away when it is not. A chain of linked transfers gets a draft of its own over that of its batch.
 */
final class Draft implements BooksView {
  /** A transfer id that can never be booked any more. */
  record Refused(TransferKey key, Entry entry) {}

  private final BooksView under;
  private final Instant now;
  private final Map<AccountKey, Account> accounts = new LinkedHashMap<>();
  private final Map<TransferKey, Entry> entries = new HashMap<>();
  private final List<BookedTransfer> booked = new ArrayList<>();
  private final List<Refused> refused = new ArrayList<>();
  private Instant last;
  private boolean sealed;

  /** A draft over {@code under}, at {@code now} by the wall clock. */
  Draft(BooksView under, Instant now) {
    this.under = under;
    this.now = now;
    this.last = under.lastBookedAt();
  }

  /** A draft over this one. */
  Draft nested() {
    return new Draft(this, now);
  }

  /** Takes up everything that was decided in a nested draft. */
  void takeUp(Draft nested) {
    accounts.putAll(nested.accounts);
    entries.putAll(nested.entries);
    booked.addAll(nested.booked);
    refused.addAll(nested.refused);
    last = nested.last;
  }

  @Override
  public @Nullable Account account(AccountKey key) {
    Account changed = accounts.get(key);
    return changed != null ? changed : under.account(key);
  }

  @Override
  public @Nullable Entry entry(TransferKey key) {
    Entry changed = entries.get(key);
    return changed != null ? changed : under.entry(key);
  }

  @Override
  public Instant lastBookedAt() {
    return last;
  }

  /**
   * The wall clock's time, moved on where transfers have been booked at it already, or the clock
   * has gone back.
   */
  Instant nextTime(Instant... alsoAfter) {
    Instant latest = last;
    for (Instant other : alsoAfter) {
      latest = other.isAfter(latest) ? other : latest;
    }
    return now.isAfter(latest) ? now : latest.plus(1, ChronoUnit.MICROS);
  }

  /** An account that is new, or has changed without a transfer. */
  void keep(Account account) {
    accounts.put(account.key(), account);
  }

  /** Books a transfer, with both accounts as they stand after it. */
  void book(BookedTransfer transfer, Account debit, Account credit) {
    accounts.put(debit.key(), debit);
    accounts.put(credit.key(), credit);
    entries.put(transfer.key(), new Entry.Booked(transfer, null));
    booked.add(transfer);
    last = transfer.bookedAt();
  }

  /** Nothing is booked at {@code time} or earlier any more. */
  void seal(Instant time) {
    if (time.isAfter(last)) {
      last = time;
      sealed = true;
    }
  }

  /** Whether a time was sealed that the transfers booked do not prove by themselves. */
  boolean isSealed() {
    return sealed;
  }

  /** Marks a hold as resolved by the transfer just booked. */
  void resolve(BookedTransfer hold, BookedTransfer resolution) {
    entries.put(hold.key(), new Entry.Booked(hold, resolution.kind()));
  }

  void refuse(TransferKey key, Entry entry) {
    entries.put(key, entry);
    refused.add(new Refused(key, entry));
  }

  /** Accounts that are new or have changed, as they stand in the end. */
  Collection<Account> accounts() {
    return accounts.values();
  }

  Map<TransferKey, Entry> entries() {
    return entries;
  }

  /** New transfers in order. */
  List<BookedTransfer> booked() {
    return booked;
  }

  List<Refused> refused() {
    return refused;
  }

  boolean isEmpty() {
    return accounts.isEmpty() && booked.isEmpty() && refused.isEmpty() && !sealed;
  }
}
