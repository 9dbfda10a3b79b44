package dev.ducat.saga;

import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.internal.v1.Compensation;
import dev.ducat.proto.internal.v1.Intent;
import dev.ducat.proto.internal.v1.SagaData;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Carries out the effects of one row of the table. Pure; used once. */
final class Transition {
  private static final Duration LIFETIME_UNKNOWN = Duration.ofDays(7);

  /** A capture that is in the way when an authorization lapses ends soon, or waits for a person. */
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  /** PSPs pay out within days; whoever waits longer should be told. */
  private static final Duration SETTLEMENT_EXPECTED = Duration.ofDays(7);

  private final PaymentSaga.Row row;
  private final Saga before;
  private final Outcome outcome;
  private final SagaSettings settings;
  private final RetryTerms retry;
  private final Instant now;
  private final RandomGenerator random;

  private final Draft draft;
  private final PaymentEffects payments;
  private final OperationEffects operations;
  private final ReclaimEffects reclaims;
  private final boolean restedBefore;
  private int attempt;
  private @Nullable Instant next;
  private final List<Decision.Attempt> attempts = new ArrayList<>();

  Transition(
      PaymentSaga.Row row,
      Saga before,
      Standing standing,
      Outcome outcome,
      SagaSettings settings,
      Instant now,
      RandomGenerator random) {
    this.row = row;
    this.before = before;
    this.outcome = outcome;
    this.settings = settings;
    this.retry = settings.retryOf(before.data().getConnector());
    this.now = now;
    this.random = random;
    this.draft = new Draft(before, standing, outcome, now);
    this.payments = new PaymentEffects(draft);
    this.operations = new OperationEffects(draft);
    this.reclaims = new ReclaimEffects(draft);
    this.restedBefore = standing.resting();
    this.attempt = before.attempt();
  }

  Decision run() {
    row.effects().forEach(this::apply);
    if (before.phase() == Phase.PARKED) {
      draft.data.setResumedTime(Times.toProto(now));
    }
    if (row.toPhase().isOver()) {
      // Nothing will be done or undone any more: the row stays, and need not be large.
      draft.data.clearIntent().clearCompensations().clearTold();
    }
    Saga after =
        new Saga(
            before.claim(),
            row.toStep(),
            row.toPhase(),
            attempt,
            next,
            before.version() + 1,
            draft.data.build());
    boolean resting =
        looksOn(after)
            ? restedBefore
            : Standing.isTerminal(draft.payment.getState()) || !after.moves();
    Standing standing =
        new Standing(
            draft.payment.build(),
            draft.pendingCapture,
            draft.pendingRefund,
            draft.closing,
            draft.settlementReported,
            resting);
    return new Decision(after, standing, draft.events, draft.audits, attempts, draft.others);
  }

  /** Whether it says nothing about how its payment is: another saga may be at work on that. */
  private boolean looksOn(Saga after) {
    return before.claim().kind() == SagaKind.RECLAIM
        || (before.phase() == Phase.OPEN && !after.moves());
  }

  private void apply(Effect effect) {
    switch (effect) {
      case CREATED -> payments.created();
      case ASSESSED -> payments.assessed();
      case AUTHORIZED -> payments.authorized(lifetime());
      case CAPTURED -> payments.captured();
      case SETTLED -> payments.settled();
      case COMPLETED -> payments.completed();
      case REVERSED -> payments.reversed();
      case FAILED -> payments.failed();
      case SHOW_ACTION -> payments.showAction();
      case PARK -> payments.park();
      case RESUME -> payments.resumed();
      case RESUME_REFUND -> operations.resumedRefund();
      case CAPTURE_STARTED -> operations.captureStarted();
      case CAPTURE_FAILED -> operations.captureFailed();
      case OPEN_AUTHORIZATION -> draft.others.add(operations.openAuthorization());
      case RELEASE_STARTED -> operations.releaseStarted();
      case RELEASED -> operations.released();
      case CANCELED -> operations.canceled();
      case EXPIRED -> operations.expired();
      case REFUND_CREATED -> operations.refundCreated();
      case REFUNDED -> operations.refunded();
      case REFUND_FAILED -> operations.refundFailed();
      case PARK_REFUND -> operations.parkRefund();
      case INTEND_ASSESS ->
          intend(
              Assessments.question(
                  before.claim(),
                  draft.payment.build(),
                  Objects.requireNonNull(settings.risk(), "no risk service")));
      case INTEND_AUTHORIZE -> intendAuthorize();
      case INTEND_CAPTURE -> intendCapture();
      case INTEND_SETTLE -> intendSettle();
      case INTEND_RELEASE -> undo(registered().toBuilder().clearConnectorCall().build());
      case INTEND_REVERSAL -> undo(registered());
      case INTEND_VOID -> intendVoid();
      case INTEND_REFUND ->
          intend(Intents.refund(before.claim(), draft.payment.build(), draft.data.build()));
      case INTEND_REFUND_RELEASE -> undo(Intents.refundRelease(before.claim()));
      case LOOK_BACK -> lookBack();
      case FOUND_LATE -> reclaims.foundLate();
      case PARK_LATE -> reclaims.park();
      case RECLAIMED -> reclaims.reclaimed();
      case INTEND_RECLAIM ->
          undo(Intents.reclaim(before.claim(), draft.payment.build(), draft.data.build()));
      case BELIEVE -> believe();
      case NOTE_FAILURE -> draft.data.setFailure(Failures.of(before, outcome));
      case TURN_BACK -> {
        noteAttempt();
        draft.data.setFailure(Failures.of(before, outcome));
      }
      case NOTE_ATTEMPT -> noteAttempt();
      case DOUBT -> doubt();
      case AGAIN -> again();
      case AGAIN_NOW -> attempt++;
      case SOON -> next = now.plus(retry.notSent());
      case EXPECT_SETTLEMENT -> next = now.plus(SETTLEMENT_EXPECTED);
      case REMIND ->
          draft.audit(
              "settlement_overdue",
              "remind",
              "the PSP has not reported the settlement",
              Map.of("saga_id", before.claim().sagaText()));
      case LATER -> next = now.plus(LOOK_AGAIN);
      case ASK_LATER -> ask();
      case DOUBT_ANEW -> doubtAnew();
      case SEND_ANEW -> {
        intend(draft.data.getIntent());
        attempt = before.attempt() + 1;
      }
      case DO_ANEW -> doAnew();
      case UNDO_AGAIN -> {
        attempt++;
        next = now.plus(retry.undo().afterFailures(attempt - 1, random));
      }
    }
  }

  // ---- intents

  private void intendAuthorize() {
    Claim claim = before.claim();
    intend(Intents.authorize(claim, draft.payment.build()));
    // The authorization does not exist yet, but what it will be called is known.
    draft.data.addCompensations(
        Intents.reversal(
            claim, draft.payment.build(), Intents.unanswered(claim, draft.data.build()).build()));
  }

  private void intendCapture() {
    // Registered since before the authorize; now it can also name the PSP's reference. Where an
    // earlier capture stands, nothing is undone any more.
    draft.data.clearCompensations();
    if (draft.payment.getAmountCaptured().getMinorUnits() == 0) {
      draft.data.addCompensations(
          Intents.reversal(before.claim(), draft.payment.build(), draft.data.build()));
    }
    long amount = draft.pendingCapture;
    boolean whole = amount == draft.pendingCapture + draft.rest();
    boolean last = before.claim().kind() == SagaKind.PAYMENT || draft.data.getFinalCapture();
    fixFee(draft.payment.getAmountCaptured().getMinorUnits() + amount);
    intend(
        Intents.capture(
            before.claim(),
            draft.payment.build(),
            draft.data.build(),
            new Intents.Taking(draft.money(amount), last, !whole)));
  }

  /** What was captured is known only now; the terms of the fee, since the payment was created. */
  private void fixFee(long captured) {
    if (before.claim().kind() != SagaKind.PAYMENT) {
      Fee fee = new Fee(draft.data.getFeeBasisPoints(), draft.data.getFeeFixedMinorUnits());
      draft.data.setFee(draft.money(fee.of(captured)));
    }
  }

  private void intendSettle() {
    fixFee(draft.payment.getAmountCaptured().getMinorUnits());
    intend(Intents.settle(before.claim(), draft.payment.build(), draft.data.getFee()));
  }

  private void intendVoid() {
    // A capture that took a part left the rest under a hold of its own.
    boolean afterPart = row.toStep() == Step.REMAINDER && row.signal() == Signal.REST;
    if (afterPart) {
      draft.data.setHoldId(Intents.transferId(before.claim(), Intents.REST_LABEL));
    }
    SagaData known = draft.data.build();
    undo(
        Intents.release(
            before.claim(),
            draft.payment.build(),
            draft.isUnanswered() ? Intents.unanswered(before.claim(), known).build() : known,
            draft.money(draft.freeable())));
  }

  /** Only where the PSP never said what became of it, and its void may have come first. */
  private void lookBack() {
    ConnectorTerms terms = termsOf(draft.data.getConnector());
    boolean voided =
        draft.data.getIntent().getConnectorCall().hasVoid()
            // A person had it done, and the intent keeps what was left.
            || draft.data.getAttested().getKind() == OperationKind.OPERATION_KIND_VOID;
    if (voided && draft.isUnanswered() && (terms == null || !terms.tombstonesVoid())) {
      draft.others.add(Reclaims.lookingBack(draft, untilProven(terms)));
    }
  }

  private void believe() {
    if (!(outcome instanceof Outcome.Told told)) {
      throw new IllegalStateException("no report, but " + outcome);
    }
    draft.data.setTold(told.report());
  }

  private void intend(Intent intent) {
    draft
        .data
        .setIntent(intent)
        .setFirstSentTime(Times.toProto(now))
        .clearUnknownSince()
        .clearProvenAfter()
        .clearTold()
        .clearAwaitSince()
        .clearPolls();
    attempt = 1;
  }

  private Intent registered() {
    for (int i = draft.data.getCompensationsCount() - 1; i >= 0; i--) {
      Compensation compensation = draft.data.getCompensations(i);
      if (compensation.getStep().equals(row.toStep().name())) {
        return compensation.getIntent();
      }
    }
    throw new IllegalStateException("nothing is registered to undo " + row.toStep());
  }

  private void undo(Intent compensation) {
    intend(compensation);
    draft.data.setUndoSince(Times.toProto(now));
  }

  // ---- time

  private Duration lifetime() {
    ConnectorTerms terms = termsOf(draft.data.getConnector());
    return terms == null ? LIFETIME_UNKNOWN : terms.authorizationLifetime();
  }

  private @Nullable ConnectorTerms termsOf(String connector) {
    return connector.equals(Wallets.CONNECTOR)
        ? Wallets.terms()
        : settings.connectors().get(connector);
  }

  private void again() {
    Duration pause = retry.of(before.step()).pause().afterFailures(attempt, random);
    if (outcome instanceof Outcome.Retryable retryable
        && retryable.retryAfter() != null
        && retryable.retryAfter().compareTo(pause) > 0) {
      pause = retryable.retryAfter();
    }
    attempt++;
    next = now.plus(pause);
    Instant end = retry.endOf(before);
    if (next.isAfter(end)) {
      // One last time, while it still makes sense.
      next = end;
    }
    draft.data.clearAwaitSince();
  }

  private static Duration untilProven(@Nullable ConnectorTerms terms) {
    return terms == null ? Duration.ofMinutes(1) : terms.untilProven();
  }

  private void doubt() {
    ConnectorTerms terms = termsOf(draft.data.getConnector());
    if (!draft.data.hasUnknownSince()) {
      draft.data.setUnknownSince(Times.toProto(now));
    }
    draft.data.setProvenAfter(Times.toProto(now.plus(untilProven(terms)))).clearPolls();
    draft.audit(
        "outcome_unknown",
        "query_outcome",
        Failures.text(Failures.reasonOf(outcome)),
        Map.of("saga_id", before.claim().sagaText(), "step", before.step().text()));
  }

  private void doubtAnew() {
    if (!draft.data.hasProvenAfter()) {
      ConnectorTerms terms = termsOf(draft.data.getConnector());
      Duration wait =
          terms == null ? Duration.ofMinutes(1) : terms.deadline().plus(terms.quarantine());
      draft.data.setProvenAfter(Times.toProto(now.plus(wait)));
    }
    draft.data.setUnknownSince(Times.toProto(now)).clearTold().clearPolls();
  }

  private void doAnew() {
    attempt++;
    draft.data.setUndoSince(Times.toProto(now));
    if (outcome instanceof Outcome.Done) {
      // The PSP has done it, as a person found out: the ledger's part is left.
      draft.data.getIntentBuilder().clearConnectorCall();
    }
  }

  private void ask() {
    draft.data.setPolls(draft.data.getPolls() + 1);
    Instant later = now.plus(retry.ask().afterFailures(draft.data.getPolls(), random));
    if (row.toPhase() == Phase.AWAIT && !draft.data.hasAwaitSince()) {
      draft.data.setAwaitSince(Times.toProto(now));
    }
    next = later;
    // Two moments are worth asking at: when "not found" becomes an answer, and when it lapses.
    if (draft.data.hasProvenAfter()) {
      askBy(Times.fromProto(draft.data.getProvenAfter()));
    }
    ConnectorTerms terms = termsOf(draft.data.getConnector());
    if (row.toStep() == Step.AUTHORIZE && row.toPhase() == Phase.AWAIT && terms != null) {
      askBy(Times.fromProto(draft.data.getAwaitSince()).plus(terms.actionTimeout()));
    }
  }

  private void askBy(Instant moment) {
    if (moment.isAfter(now) && (next == null || moment.isBefore(next))) {
      next = moment;
    }
  }

  private void noteAttempt() {
    String reference =
        outcome instanceof Outcome.Pending pending
            ? Failures.reference(pending.connectorReference())
            : "";
    attempts.add(
        new Decision.Attempt(
            before.step(),
            before.phase(),
            attempt,
            row.signal(),
            Failures.text(Failures.reasonOf(outcome)),
            reference));
  }
}
