package dev.ducat.saga;

import com.google.protobuf.Timestamp;
import dev.ducat.proto.internal.v1.Compensation;
import dev.ducat.proto.internal.v1.Intent;
import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.payments.v1.Failure;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentAuthorizationReversed;
import dev.ducat.proto.payments.v1.PaymentAuthorized;
import dev.ducat.proto.payments.v1.PaymentCaptured;
import dev.ducat.proto.payments.v1.PaymentCompleted;
import dev.ducat.proto.payments.v1.PaymentCreated;
import dev.ducat.proto.payments.v1.PaymentEventDetail;
import dev.ducat.proto.payments.v1.PaymentFailed;
import dev.ducat.proto.payments.v1.PaymentNeedsAttention;
import dev.ducat.proto.payments.v1.PaymentRequiresAction;
import dev.ducat.proto.payments.v1.PaymentSettled;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.type.v1.Money;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Carries out the effects of one row of the table. Pure; used once. */
final class Transition {
  private static final int MESSAGE_MAX = 1_000;
  private static final int CODE_MAX = 100;
  private static final int REFERENCE_MAX = 255;

  private final PaymentSaga.Row row;
  private final Saga before;
  private final Outcome outcome;
  private final SagaSettings settings;
  private final Instant now;
  private final RandomGenerator random;

  private final Payment.Builder payment;
  private final SagaData.Builder data;
  private long pendingCapture;
  private int attempt;
  private @Nullable Instant next;
  private final List<Decision.Event> events = new ArrayList<>();
  private final List<Decision.Audit> audits = new ArrayList<>();
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
    this.now = now;
    this.random = random;
    this.payment = standing.payment().toBuilder();
    this.data = before.data().toBuilder();
    this.pendingCapture = standing.pendingCapture();
    this.attempt = before.attempt();
  }

  Decision run() {
    row.effects().forEach(this::apply);
    if (row.toPhase().isOver()) {
      // Nothing will be done or undone any more: the row stays, and need not be large.
      data.clearIntent().clearCompensations();
    }
    Saga after =
        new Saga(
            before.claim(),
            row.toStep(),
            row.toPhase(),
            attempt,
            next,
            before.version() + 1,
            data.build());
    boolean resting =
        Standing.isTerminal(payment.getState())
            || row.toPhase() == Phase.PARKED
            || row.toPhase() == Phase.AWAIT;
    return new Decision(
        after, new Standing(payment.build(), pendingCapture, resting), events, audits, attempts);
  }

  private void apply(Effect effect) {
    switch (effect) {
      case CREATED -> created();
      case AUTHORIZED -> authorized();
      case CAPTURED -> captured();
      case SETTLED -> settled();
      case COMPLETED -> completed();
      case REVERSED -> reversed();
      case FAILED -> failed();
      case SHOW_ACTION -> showAction();
      case PARK -> park();
      case INTEND_AUTHORIZE -> intendAuthorize();
      case INTEND_CAPTURE -> intendCapture();
      case INTEND_SETTLE -> intend(Intents.settle(before.claim(), payment.build(), data.getFee()));
      case INTEND_RELEASE -> undo(registered().toBuilder().clearConnectorCall().build());
      case INTEND_REVERSAL -> undo(registered());
      case NOTE_FAILURE -> data.setFailure(failure());
      case TURN_BACK -> {
        noteAttempt();
        data.setFailure(failure());
      }
      case NOTE_ATTEMPT -> noteAttempt();
      case DOUBT -> doubt();
      case AGAIN -> again();
      case AGAIN_NOW -> attempt++;
      case SOON -> next = now.plus(settings.retry().notSent());
      case ASK_LATER -> ask();
      case UNDO_AGAIN -> {
        attempt++;
        next = now.plus(settings.retry().undo().afterFailures(attempt - 1, random));
      }
    }
  }

  // ---- events

  private void created() {
    event(
        PaymentEventDetail.newBuilder()
            .setCreated(PaymentCreated.newBuilder().setAmount(payment.getAmount())));
  }

  private void authorized() {
    Outcome.Done done = done();
    data.setAuthorizationKey(Intents.operationKey(before.claim(), "authorize"))
        .setAuthorizationReference(reference(done.connectorReference()))
        .setHoldId(Intents.transferId(before.claim(), "authorize/hold"));
    payment
        .setState(PaymentState.PAYMENT_STATE_AUTHORIZED)
        .clearNextAction()
        .clearFailure()
        .setAmountAuthorized(payment.getAmount());
    // The capture follows in the same commit: all of it is being captured, so nothing is
    // capturable.
    pendingCapture = payment.getAmount().getMinorUnits();
    PaymentAuthorized.Builder detail =
        PaymentAuthorized.newBuilder()
            .setAmount(payment.getAmount())
            .setConnectorReference(data.getAuthorizationReference())
            .setHoldId(data.getHoldId());
    if (done.authorizationExpireTime() != null) {
      detail.setAuthorizationExpireTime(Times.toProto(done.authorizationExpireTime()));
    }
    event(PaymentEventDetail.newBuilder().setAuthorized(detail));
  }

  private void captured() {
    data.setCaptureKey(Intents.operationKey(before.claim(), "capture"))
        .setCaptureReference(reference(done().connectorReference()));
    // From here there is no way back.
    data.clearCompensations();
    payment
        .setState(PaymentState.PAYMENT_STATE_CAPTURED)
        .clearFailure()
        .setAmountCaptured(payment.getAmountAuthorized());
    pendingCapture = 0;
    event(
        PaymentEventDetail.newBuilder()
            .setCaptured(
                PaymentCaptured.newBuilder()
                    .setAmount(payment.getAmountCaptured())
                    .setConnectorReference(data.getCaptureReference())
                    .setTransferId(Intents.transferId(before.claim(), "capture/post"))
                    .setFinalCapture(true)));
  }

  private void settled() {
    payment.setState(PaymentState.PAYMENT_STATE_SETTLED).clearFailure();
    PaymentSettled.Builder detail =
        PaymentSettled.newBuilder().setAmount(payment.getAmountCaptured()).setFee(data.getFee());
    Intent intent = before.data().getIntent();
    TransferGroup booked =
        before.step() == Step.SETTLE ? intent.getLedgerBefore() : intent.getLedgerSettle();
    booked.getTransfersList().forEach(transfer -> detail.addTransferIds(transfer.getTransferId()));
    event(PaymentEventDetail.newBuilder().setSettled(detail));
  }

  private void completed() {
    event(
        PaymentEventDetail.newBuilder()
            .setCompleted(
                PaymentCompleted.newBuilder()
                    .setAmount(payment.getAmountCaptured())
                    .setFee(data.getFee())));
  }

  private void reversed() {
    Money held = payment.getAmountAuthorized();
    nothingHeld();
    event(
        PaymentEventDetail.newBuilder()
            .setAuthorizationReversed(
                PaymentAuthorizationReversed.newBuilder()
                    .setAmount(held)
                    .setConnectorReference(reference(done().connectorReference()))
                    .setTransferId(Intents.transferId(before.claim(), "authorize/void"))
                    .setFailure(data.getFailure())));
    audits.add(
        new Decision.Audit(
            "compensation",
            "reverse_authorization",
            data.getFailure().getCode() + ": " + data.getFailure().getMessage(),
            Map.of(
                "saga_id", before.claim().sagaText(),
                "failed_step", data.getFailure().getStep(),
                "amount", held.getMinorUnits() + " " + held.getCurrencyCode())));
  }

  private void failed() {
    nothingHeld();
    data.clearCompensations();
    payment
        .setState(PaymentState.PAYMENT_STATE_FAILED)
        .clearNextAction()
        .setFailure(data.getFailure());
    event(
        PaymentEventDetail.newBuilder()
            .setFailed(PaymentFailed.newBuilder().setFailure(data.getFailure())));
  }

  private void showAction() {
    if (outcome instanceof Outcome.Pending pending
        && pending.nextAction() != null
        && !(payment.hasNextAction() && payment.getNextAction().equals(pending.nextAction()))) {
      payment
          .setState(PaymentState.PAYMENT_STATE_REQUIRES_ACTION)
          .setNextAction(pending.nextAction());
      event(
          PaymentEventDetail.newBuilder()
              .setRequiresAction(
                  PaymentRequiresAction.newBuilder().setNextAction(pending.nextAction())));
    }
  }

  private void park() {
    Failure failure = failure();
    payment
        .setState(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION)
        .clearNextAction()
        .setFailure(failure);
    event(
        PaymentEventDetail.newBuilder()
            .setNeedsAttention(
                PaymentNeedsAttention.newBuilder()
                    .setFailure(failure)
                    .setSagaId(before.claim().sagaText())));
  }

  private void event(PaymentEventDetail.Builder detail) {
    payment.setVersion(payment.getVersion() + 1).setUpdateTime(Times.toProto(now));
    events.add(new Decision.Event(payment.build(), detail.build()));
  }

  private void nothingHeld() {
    payment.setAmountAuthorized(payment.getAmountAuthorized().toBuilder().setMinorUnits(0));
    pendingCapture = 0;
  }

  // ---- intents

  private void intendAuthorize() {
    intend(Intents.authorize(before.claim(), payment.build()));
    data.addCompensations(Intents.reversal(before.claim(), payment.build(), ""));
  }

  private void intendCapture() {
    // The reversal stands registered since before the authorize; now it can also name the PSP's
    // reference.
    data.clearCompensations()
        .addCompensations(
            Intents.reversal(before.claim(), payment.build(), data.getAuthorizationReference()));
    intend(Intents.capture(before.claim(), payment.build(), data.build()));
  }

  private void intend(Intent intent) {
    data.setIntent(intent)
        .setFirstSentTime(Times.toProto(now))
        .clearUnknownSince()
        .clearProvenAfter()
        .clearPolls();
    attempt = 1;
  }

  private Intent registered() {
    for (int i = data.getCompensationsCount() - 1; i >= 0; i--) {
      Compensation compensation = data.getCompensations(i);
      if (compensation.getStep().equals(row.toStep().name())) {
        return compensation.getIntent();
      }
    }
    throw new IllegalStateException("nothing is registered to undo " + row.toStep());
  }

  private void undo(Intent compensation) {
    intend(compensation);
    data.setUndoSince(Times.toProto(now));
  }

  // ---- time

  private void again() {
    Duration pause = settings.retry().again().afterFailures(attempt, random);
    if (outcome instanceof Outcome.Retryable retryable
        && retryable.retryAfter() != null
        && retryable.retryAfter().compareTo(pause) > 0) {
      pause = retryable.retryAfter();
    }
    attempt++;
    next = now.plus(pause);
  }

  private void doubt() {
    ConnectorTerms terms = settings.connectors().get(data.getConnector());
    Duration wait =
        terms == null ? Duration.ofMinutes(1) : terms.deadline().plus(terms.quarantine());
    if (!data.hasUnknownSince()) {
      data.setUnknownSince(Times.toProto(now));
    }
    data.setProvenAfter(Times.toProto(now.plus(wait))).clearPolls();
    audits.add(
        new Decision.Audit(
            "outcome_unknown",
            "query_outcome",
            text(reasonOf(outcome)),
            Map.of("saga_id", before.claim().sagaText(), "step", before.step().text())));
  }

  private void ask() {
    data.setPolls(data.getPolls() + 1);
    Instant later = now.plus(settings.retry().ask().afterFailures(data.getPolls(), random));
    Timestamp proven = data.getProvenAfter();
    // The moment at which "not found" becomes an answer is worth asking at.
    Instant provable = Times.fromProto(proven);
    next =
        data.hasProvenAfter() && provable.isAfter(now) && provable.isBefore(later)
            ? provable
            : later;
  }

  // ---- what went wrong

  private void noteAttempt() {
    String reference =
        outcome instanceof Outcome.Pending pending ? reference(pending.connectorReference()) : "";
    attempts.add(
        new Decision.Attempt(
            before.step(),
            before.phase(),
            attempt,
            row.signal(),
            text(reasonOf(outcome)),
            reference));
  }

  private Failure failure() {
    String code =
        switch (outcome) {
          case Outcome.Declined declined when before.phase().isUndoing() -> "COMPENSATION_FAILED";
          case Outcome.Declined declined -> declined.code();
          case Outcome.LedgerRefused refused -> Answers.codeOf(refused.result());
          case Outcome.Mismatch mismatch -> "ANSWER_MISMATCH";
          case Outcome.Retryable retryable when before.phase().isUndoing() -> "COMPENSATION_FAILED";
          case Outcome.Retryable retryable -> "CONNECTOR_UNAVAILABLE";
          case Outcome.Done d -> throw new IllegalStateException("done is no failure");
          case Outcome.Settled s -> throw new IllegalStateException("settled is no failure");
          case Outcome.Pending p -> undoingOrUnknown();
          case Outcome.Unknown u -> undoingOrUnknown();
          case Outcome.NotFound n -> undoingOrUnknown();
          case Outcome.NotSent n -> undoingOrUnknown();
        };
    return Failure.newBuilder()
        .setCode(cut(code.replaceAll("[^A-Za-z0-9_]", "_"), CODE_MAX))
        .setMessage(text(reasonOf(outcome)))
        .setStep(before.step().text())
        .build();
  }

  private String undoingOrUnknown() {
    return before.phase().isUndoing() ? "COMPENSATION_FAILED" : "OUTCOME_UNKNOWN";
  }

  private static String reasonOf(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done done -> "";
      case Outcome.Settled settled -> "";
      case Outcome.Declined declined -> declined.message();
      case Outcome.Pending pending -> "the PSP decides later";
      case Outcome.Retryable retryable -> retryable.message();
      case Outcome.Unknown unknown -> unknown.message();
      case Outcome.NotFound notFound -> "the PSP knows no such operation";
      case Outcome.NotSent notSent -> "not sent";
      case Outcome.LedgerRefused refused ->
          switch (Answers.codeOf(refused.result())) {
            case "ACCOUNT_CLOSED" -> "an account of this payment is closed";
            case "INSUFFICIENT_FUNDS" -> "the account to debit has not enough funds";
            default -> "an account's limit would be exceeded";
          };
      case Outcome.Mismatch mismatch -> mismatch.message();
    };
  }

  private Outcome.Done done() {
    if (outcome instanceof Outcome.Done done) {
      return done;
    }
    if (outcome instanceof Outcome.Settled settled) {
      return settled.capture();
    }
    throw new IllegalStateException(row + " needs a done outcome, got " + outcome);
  }

  /** Text of others: bounded, and without what a database or a terminal would choke on. */
  private static String text(String message) {
    return clean(message, MESSAGE_MAX);
  }

  private static String reference(String psp) {
    return clean(psp, REFERENCE_MAX);
  }

  private static String clean(String text, int max) {
    boolean dirty = text.chars().anyMatch(Character::isISOControl);
    return cut(dirty ? text.replaceAll("\\p{Cntrl}", " ") : text, max);
  }

  private static String cut(String text, int max) {
    return text.length() <= max ? text : text.substring(0, max);
  }
}
