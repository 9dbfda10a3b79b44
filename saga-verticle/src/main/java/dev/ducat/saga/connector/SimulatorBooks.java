package dev.ducat.saga.connector;

import dev.ducat.saga.connector.JournalEntry.Kind;
import dev.ducat.saga.connector.JournalEntry.Result;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The simulated PSP's memory: a fold over its journal. Only the thread that holds the journal's
 * lock touches it.
 *
 * <p>It remembers every operation for ever, a few hundred bytes each: a simulator for tests and
 * demonstrations.
 */
final class SimulatorBooks {
  private static final class Authorization {
    long authorized;
    long captured;
    long refunded;
    boolean voided;
  }

  private final Map<String, JournalEntry> finished = new HashMap<>();
  private final Map<String, Integer> errors = new HashMap<>();
  private final Map<String, Authorization> authorizations = new HashMap<>();

  /** Forgets everything, to be told again. */
  void clear() {
    finished.clear();
    errors.clear();
    authorizations.clear();
  }

  /** Takes a line of the journal in, whoever wrote it. */
  void apply(JournalEntry entry) {
    if (entry.result() == Result.RETRYABLE) {
      errors.merge(entry.operationKey(), 1, Integer::sum);
      return;
    }
    finished.put(entry.operationKey(), entry);
    if (entry.result() == Result.TOMBSTONE) {
      authorization(entry.authorizationKey()).voided = true;
    } else if (entry.result() == Result.DONE) {
      switch (entry.kind()) {
        case AUTHORIZE -> authorization(entry.operationKey()).authorized = entry.amount();
        case CAPTURE -> authorization(entry.authorizationKey()).captured += entry.amount();
        case VOID -> authorization(entry.authorizationKey()).voided = true;
        case REFUND -> authorization(entry.authorizationKey()).refunded += entry.amount();
      }
    }
  }

  /** What became of an operation; null when it is not known or not decided. */
  @Nullable JournalEntry finished(String operationKey) {
    return finished.get(operationKey);
  }

  /** How often this operation was refused for now. */
  int errors(String operationKey) {
    return errors.getOrDefault(operationKey, 0);
  }

  /** Whether a void came before this authorize. */
  boolean isVoided(String authorizationKey) {
    Authorization known = authorizations.get(authorizationKey);
    return known != null && known.voided;
  }

  /** Whether an authorize of this key took effect. */
  boolean isAuthorized(String authorizationKey) {
    Authorization known = authorizations.get(authorizationKey);
    return known != null && known.authorized > 0;
  }

  /** What may still be captured under an authorization. */
  long capturable(String authorizationKey) {
    Authorization known = authorizations.get(authorizationKey);
    return known == null || known.voided ? 0 : known.authorized - known.captured;
  }

  /** What may still be refunded under an authorization. */
  long refundable(String authorizationKey) {
    Authorization known = authorizations.get(authorizationKey);
    return known == null ? 0 : known.captured - known.refunded;
  }

  /** The PSP's own name for an operation. */
  static String reference(Kind kind, String operationKey) {
    return "sim-"
        + kind.name().toLowerCase(Locale.ROOT)
        + "-"
        + Integer.toHexString(operationKey.hashCode());
  }

  private Authorization authorization(String key) {
    return authorizations.computeIfAbsent(key, none -> new Authorization());
  }
}
