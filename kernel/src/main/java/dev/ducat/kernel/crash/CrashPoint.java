package dev.ducat.kernel.crash;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The gaps between two durable acts, by name. With the system property {@code ducat.crash} set to
 * {@code name} or {@code name:count}, the process ends there without another instruction, as by
 * {@code kill -9}, the count-th time it comes by. Without it this costs one comparison.
 */
public enum CrashPoint {
  /** A saga's intent is committed, its action has not begun. */
  SAGA_INTENT_COMMITTED,
  /** The payment service provider has answered, its outcome is not committed. */
  PSP_ANSWERED,
  /** The ledger has committed, nobody has been told. */
  LEDGER_COMMITTED,
  /** Kafka has committed records and receipt, nothing in memory or Postgres knows. */
  KAFKA_COMMITTED,
  /** Records are sent to Kafka, their transaction is not committed. */
  KAFKA_SENT,
  /** An event that Kafka refuses is parked in Postgres, Kafka's receipt has not passed it. */
  EVENT_PARKED,
  /** Kafka has committed a parked event after all, Postgres has not marked it. */
  REDRIVE_COMMITTED;

  private static final @Nullable CrashPoint CHOSEN;
  private static final AtomicInteger LEFT;

  static {
    String setting = System.getProperty("ducat.crash", "");
    int colon = setting.indexOf(':');
    CHOSEN = setting.isEmpty() ? null : valueOf(colon < 0 ? setting : setting.substring(0, colon));
    LEFT = new AtomicInteger(colon < 0 ? 1 : Integer.parseInt(setting.substring(colon + 1)));
  }

  /** Ends the process here if this is the point that was asked for. */
  public void reached() {
    if (this == CHOSEN && LEFT.decrementAndGet() == 0) {
      Runtime.getRuntime().halt(137);
    }
  }
}
