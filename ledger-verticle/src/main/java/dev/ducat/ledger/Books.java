package dev.ducat.ledger;

import dev.ducat.kernel.lane.Stream;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a lane remembers of the books of one stream, as of the last commit. Accounts and open holds
 * stay, the least used ones leave when there are too many. What was read about transfer ids holds
 * for one batch only.
 */
final class Books implements BooksView {
  private final Stream stream;
  private final int lane;
  private final int accountsMax;
  private final int openHoldsMax;
  private final LinkedHashMap<AccountKey, Account> accounts = new LinkedHashMap<>(64, 0.75f, true);
  private final LinkedHashMap<TransferKey, Entry.Booked> openHolds =
      new LinkedHashMap<>(64, 0.75f, true);
  private final Map<TransferKey, Entry> read = new HashMap<>();
  private Instant lastBookedAt;

  Books(Stream stream, LedgerSettings settings, Instant lastBookedAt) {
    this.stream = stream;
    this.lane = stream.lease().unit();
    this.accountsMax = settings.accountsMax();
    this.openHoldsMax = settings.openHoldsMax();
    this.lastBookedAt = lastBookedAt;
  }

  Stream stream() {
    return stream;
  }

  /** Number of the ledger lane. */
  int lane() {
    return lane;
  }

  @Override
  public @Nullable Account account(AccountKey key) {
    return accounts.get(key);
  }

  @Override
  public @Nullable Entry entry(TransferKey key) {
    Entry entry = read.get(key);
    return entry != null ? entry : openHolds.get(key);
  }

  @Override
  public Instant lastBookedAt() {
    return lastBookedAt;
  }

  /** Forgets what was read for the batch before, and what there is too much of. */
  void beginBatch() {
    read.clear();
    trim(accounts, accountsMax);
    trim(openHolds, openHoldsMax);
  }

  /** What the database has under the ids that were asked for. */
  void learn(TransferKey key, Entry entry) {
    read.put(key, entry);
  }

  void learn(Account account) {
    accounts.put(account.key(), account);
  }

  /** Takes up a draft that is committed now. */
  void takeUp(Draft draft) {
    draft.accounts().forEach(account -> accounts.put(account.key(), account));
    draft
        .entries()
        .forEach(
            (key, entry) -> {
              if (entry instanceof Entry.Booked booked
                  && booked.isHold()
                  && booked.resolvedBy() == null) {
                openHolds.put(key, booked);
              } else {
                openHolds.remove(key);
              }
            });
    lastBookedAt = draft.lastBookedAt();
  }

  private static void trim(Map<?, ?> leastUsedFirst, int max) {
    Iterator<?> eldest = leastUsedFirst.keySet().iterator();
    for (int excess = leastUsedFirst.size() - max; excess > 0; excess--) {
      eldest.next();
      eldest.remove();
    }
  }
}
