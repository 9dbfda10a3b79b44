package dev.ducat.ledger;

import dev.ducat.kernel.lane.Stream;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
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
  private Instant sweptUntil;
  private Instant sweptDurablyUntil;
  private Sweep sweep = new Sweep(List.of(), Instant.EPOCH);

  /**
   * What a sweep has to do.
   *
   * @param lapsed open holds whose time is over
   * @param until no other hold of the past has lapsed at this time or earlier
   */
  record Sweep(List<TransferKey> lapsed, Instant until) {}

  /**
   * Empty books.
   *
   * @param lastBookedAt the lane books later than this
   * @param sweptUntil holds that lapsed until then are resolved
   */
  Books(Stream stream, LedgerSettings settings, Instant lastBookedAt, Instant sweptUntil) {
    this.stream = stream;
    this.lane = stream.lease().unit();
    this.accountsMax = settings.accountsMax();
    this.openHoldsMax = settings.openHoldsMax();
    this.lastBookedAt = lastBookedAt;
    this.sweptUntil = sweptUntil;
    this.sweptDurablyUntil = sweptUntil;
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

  Instant sweptUntil() {
    return sweptUntil;
  }

  /** Whether enough has been swept since the next owner was told how far that is. */
  boolean shouldTellSweep(Duration interval) {
    return sweptDurablyUntil.plus(interval).isBefore(sweep.until());
  }

  Sweep sweep() {
    return sweep;
  }

  /** What the sweep at hand has to do. Nothing that could lapse in it may be booked any more. */
  void learn(Sweep found) {
    sweep = found;
    lastBookedAt = found.until().isAfter(lastBookedAt) ? found.until() : lastBookedAt;
  }

  /** The sweep at hand is done, and written down if {@code durably}. */
  void swept(boolean durably) {
    sweptUntil = sweep.until();
    sweptDurablyUntil = durably ? sweptUntil : sweptDurablyUntil;
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
