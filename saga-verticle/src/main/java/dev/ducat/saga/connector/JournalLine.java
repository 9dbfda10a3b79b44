package dev.ducat.saga.connector;

import dev.ducat.saga.connector.JournalEntry.Kind;
import dev.ducat.saga.connector.JournalEntry.Result;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A line as the simulator writes it: the entry that witnesses read, and behind it what the
 * simulator needs to go on from this line alone, without any other.
 *
 * @param tenant whose payment it is
 * @param due for what is pending: when it is decided
 * @param errors how often the operation was refused for now, this line included
 * @param standing what stands under the authorization after this line
 */
record JournalLine(
    JournalEntry entry, String tenant, @Nullable Instant due, int errors, Standing standing) {
  private static final int FIELDS = 17;

  /** The operation key of the authorize that this line belongs to. */
  String authorizationKey() {
    return entry.kind() == Kind.AUTHORIZE ? entry.operationKey() : entry.authorizationKey();
  }

  boolean isPending() {
    return entry.result() == Result.PENDING;
  }

  boolean isRetryable() {
    return entry.result() == Result.RETRYABLE;
  }

  /** Whether the authorization stands differently after this line than before. */
  boolean changesStanding() {
    return entry.result() == Result.DONE || entry.result() == Result.TOMBSTONE;
  }

  /** The line, without its end. */
  String text() {
    return String.join(
        JournalEntry.SEPARATOR,
        entry.line(),
        JournalEntry.clean(tenant),
        due == null ? "" : due.toString(),
        Integer.toString(errors),
        JournalEntry.clean(standing.currency()),
        Long.toString(standing.authorized()),
        Long.toString(standing.captured()),
        Long.toString(standing.refunded()),
        Boolean.toString(standing.voided()));
  }

  /** Reads a line; null when it is not one of ours. */
  static @Nullable JournalLine parse(String text) {
    String[] parts = text.split(JournalEntry.SEPARATOR, -1);
    JournalEntry entry = parts.length == FIELDS ? JournalEntry.of(parts) : null;
    if (entry == null) {
      return null;
    }
    try {
      return new JournalLine(
          entry,
          parts[9],
          parts[10].isEmpty() ? null : Instant.parse(parts[10]),
          Integer.parseInt(parts[11]),
          new Standing(
              parts[12],
              Long.parseLong(parts[13]),
              Long.parseLong(parts[14]),
              Long.parseLong(parts[15]),
              Boolean.parseBoolean(parts[16])));
    } catch (RuntimeException foreign) {
      return null;
    }
  }
}
