package dev.ducat.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The books as a decision sees them. */
interface BooksView {
  /** The account, or null when there is none. */
  @Nullable Account account(AccountKey key);

  /** What stands under a transfer id, or null when nothing does. */
  @Nullable Entry entry(TransferKey key);

  /** The time of the last transfer: the next one gets a later one. */
  Instant lastBookedAt();
}
