package dev.ducat.saga;

import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentEventDetail;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a transition decided: the rows as they will be, and what is told about it. What happens next
 * follows from the saga: {@link #actsNow} or its timer.
 */
public record Decision(
    Saga saga,
    Standing standing,
    List<Event> events,
    List<Audit> audits,
    List<Attempt> attempts,
    List<Saga> others) {

  /** Rows that change, and nothing to tell about it. */
  static Decision silent(Saga saga, Standing standing) {
    return new Decision(saga, standing, List.of(), List.of(), List.of(), List.of());
  }

  /** With another saga that changes in the same commit. */
  Decision with(Saga other) {
    List<Saga> more = new ArrayList<>(others);
    more.add(other);
    return new Decision(saga, standing, events, audits, attempts, more);
  }

  /** An event of the payment, and the payment after it. */
  public record Event(Payment after, PaymentEventDetail detail) {}

  /**
   * A record for the audit topic.
   *
   * @param actor who did it
   * @param resource what it was done to; empty: the payment
   */
  public record Audit(
      String actor,
      String about,
      String action,
      String resource,
      String reason,
      Map<String, String> details) {

    /** What Ducat does by itself about a payment. */
    public Audit(String about, String action, String reason, Map<String, String> details) {
      this("system", about, action, "", reason, details);
    }
  }

  /** With another record for the audit topic. */
  Decision with(Audit audit) {
    List<Audit> more = new ArrayList<>(audits);
    more.add(audit);
    return new Decision(saga, standing, events, more, attempts, others);
  }

  /** An attempt that did not simply succeed. */
  public record Attempt(
      Step step, Phase phase, int number, Signal signal, String error, String connectorReference) {}

  /** Whether the saga's action is due at once. */
  public boolean actsNow() {
    return saga.nextAttemptAt() == null && !saga.phase().isOver() && saga.phase() != Phase.PARKED;
  }
}
