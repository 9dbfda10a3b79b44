package dev.ducat.saga.connector;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One line of the simulator's journal: what the PSP did, or refused to do.
 *
 * @param operationKey the operation's idempotency key
 * @param authorizationKey for captures, voids and refunds: the authorize they belong to; else empty
 * @param amount minor units that really moved, or were asked for where nothing moved
 * @param detail the reason of a refusal; that it is never spoken of; else empty
 */
public record JournalEntry(
    Instant time,
    String operationKey,
    Kind kind,
    Result result,
    String paymentId,
    String authorizationKey,
    long amount,
    String currency,
    String detail) {

  /** The kinds of operations. */
  public enum Kind {
    AUTHORIZE,
    CAPTURE,
    VOID,
    REFUND
  }

  /** What became of one. */
  public enum Result {
    /** It took effect; there is at most one such line per operation key. */
    DONE,
    /** Refused for good. */
    DECLINED,
    /** Refused for now, without effect. */
    RETRYABLE,
    /** A void of an authorize that is not known: that key is dead from now on. */
    TOMBSTONE,
    /** Received, and decided later, in a line of its own. */
    PENDING
  }

  static final String SEPARATOR = "\t";
  private static final int FIELDS = 9;

  /** The line, without its end. */
  String line() {
    return String.join(
        SEPARATOR,
        time.toString(),
        clean(operationKey),
        kind.name(),
        result.name(),
        clean(paymentId),
        clean(authorizationKey),
        Long.toString(amount),
        clean(currency),
        clean(detail));
  }

  /**
   * Reads a line; null when it is not one, as after a crash in the middle of writing. What the
   * simulator adds for itself behind the entry is left out.
   */
  static @Nullable JournalEntry parse(String line) {
    return of(line.split(SEPARATOR, -1));
  }

  static @Nullable JournalEntry of(String[] parts) {
    if (parts.length < FIELDS) {
      return null;
    }
    try {
      return new JournalEntry(
          Instant.parse(parts[0]),
          parts[1],
          Kind.valueOf(parts[2]),
          Result.valueOf(parts[3]),
          parts[4],
          parts[5],
          Long.parseLong(parts[6]),
          parts[7],
          parts[8]);
    } catch (RuntimeException torn) {
      return null;
    }
  }

  static String clean(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        return text.replaceAll("\\p{Cntrl}", " ");
      }
    }
    return text;
  }
}
