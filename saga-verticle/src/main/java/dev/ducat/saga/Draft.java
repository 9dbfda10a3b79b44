package dev.ducat.saga;

import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentEventDetail;
import dev.ducat.proto.type.v1.Money;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A payment and its saga while a transition works on them, and what there is to tell about it. */
final class Draft {
  final Saga before;
  final Outcome outcome;
  final Instant now;
  final Payment.Builder payment;
  final SagaData.Builder data;
  long pendingCapture;
  long pendingRefund;
  Closing closing;
  long settlementReported;
  final List<Decision.Event> events = new ArrayList<>();
  final List<Decision.Audit> audits = new ArrayList<>();
  final List<Saga> others = new ArrayList<>();

  Draft(Saga before, Standing standing, Outcome outcome, Instant now) {
    this.before = before;
    this.outcome = outcome;
    this.now = now;
    this.payment = standing.payment().toBuilder();
    this.data = before.data().toBuilder();
    this.pendingCapture = standing.pendingCapture();
    this.pendingRefund = standing.pendingRefund();
    this.closing = standing.closing();
    this.settlementReported = standing.settlementReported();
  }

  Claim claim() {
    return before.claim();
  }

  /** The payment's next version, with what made it. */
  void event(PaymentEventDetail.Builder detail) {
    nextVersion();
    events.add(new Decision.Event(payment.build(), detail.build()));
  }

  /** Counts the payment up; whoever calls this adds the event that goes with it. */
  void nextVersion() {
    long capturable =
        Standing.capturable(
            payment.getAmountAuthorized().getMinorUnits(),
            payment.getAmountCaptured().getMinorUnits(),
            pendingCapture,
            closing);
    payment
        .setAmountCapturable(money(capturable))
        .setVersion(payment.getVersion() + 1)
        .setUpdateTime(Times.toProto(now));
    if (capturable == 0) {
      payment.clearAuthorizationExpireTime();
    }
  }

  /** The event of the version that {@link #nextVersion} made. */
  void tell(PaymentEventDetail.Builder detail) {
    events.add(new Decision.Event(payment.build(), detail.build()));
  }

  void audit(String about, String action, String reason, Map<String, String> details) {
    audits.add(new Decision.Audit(about, action, reason, details));
  }

  void nothingHeld() {
    payment.setAmountAuthorized(money(0));
    pendingCapture = 0;
  }

  /** Minor units in the payment's currency. */
  Money money(long minorUnits) {
    return Money.newBuilder()
        .setCurrencyCode(payment.getAmount().getCurrencyCode())
        .setMinorUnits(minorUnits)
        .build();
  }

  /** Authorized, and neither captured nor being captured. */
  long rest() {
    return payment.getAmountAuthorized().getMinorUnits()
        - payment.getAmountCaptured().getMinorUnits()
        - pendingCapture;
  }

  /** What is freed at the end: the rest, or, where nobody knows what is held, all that may be. */
  long freeable() {
    return isUnanswered() ? payment.getAmount().getMinorUnits() : rest();
  }

  /** Whether the authorization was asked for, and it never was known to exist. */
  boolean isUnanswered() {
    return payment.getAmountAuthorized().getMinorUnits() == 0;
  }

  Outcome.Done done() {
    if (outcome instanceof Outcome.Done done) {
      return done;
    }
    if (outcome instanceof Outcome.Settled settled) {
      return settled.capture();
    }
    throw new IllegalStateException("not done, but " + outcome);
  }
}
