package dev.ducat.kernel.outbox;

/** The Kafka topics of events. */
public final class Topics {
  /** Events of payments and refunds; key = payment id, ordered by version. */
  public static final String PAYMENTS = "ducat.payments.v1";

  /** One event per ledger transfer; key = transfer id, no order across transfers. */
  public static final String LEDGER = "ducat.ledger.v1";

  /** Operator actions, compensations, unknown outcomes; no version. */
  public static final String AUDIT = "ducat.audit.v1";

  /** The relay's receipts; one partition per relay slot. */
  public static final String RELAY_POSITIONS = "ducat.relay.positions";

  private Topics() {}
}
