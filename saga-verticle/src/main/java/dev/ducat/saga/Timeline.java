package dev.ducat.saga;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.payments.v1.Attempt;
import dev.ducat.proto.payments.v1.PaymentChange;
import dev.ducat.proto.payments.v1.PaymentEventDetail;
import dev.ducat.proto.payments.v1.StepOutcome;
import dev.ducat.proto.payments.v1.StepPhase;
import dev.ducat.proto.payments.v1.StepRun;
import dev.ducat.proto.payments.v1.TimelineEntry;
import dev.ducat.saga.TimelineStore.Told;
import dev.ducat.saga.TimelineStore.Tried;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Tells what happened to a payment from what is stored. A step that is over left an event, which
 * names the transfer that the step booked, and with it the saga; a step under way stands in its
 * saga's row.
 */
final class Timeline {
  private final List<Told> sagas;
  private final List<Tried> tries;
  private final List<TimelineEntry> entries = new ArrayList<>();
  private final Map<UUID, Timestamp> ends = new HashMap<>();

  private Timeline(List<Told> sagas, List<Tried> tries) {
    this.sagas = sagas;
    this.tries = tries;
    sagas.forEach(saga -> ends.put(saga.sagaId(), Times.toProto(saga.createTime())));
  }

  /** Steps, attempts and events, in order of time. */
  static List<TimelineEntry> of(List<Told> sagas, List<Tried> tries, List<PaymentEvent> events) {
    Timeline timeline = new Timeline(sagas, tries);
    for (PaymentEvent event : events) {
      timeline.step(event);
      timeline.entries.add(change(event));
    }
    sagas.forEach(timeline::underWay);
    tries.forEach(tried -> timeline.entries.add(attempt(tried)));
    timeline.entries.sort(Comparator.comparing(TimelineEntry::getTime, Timestamps.comparator()));
    return timeline.entries;
  }

  private void step(PaymentEvent event) {
    PaymentEventDetail detail = event.getDetail();
    switch (detail.getDetailCase()) {
      case CREATED -> ended(own(), "validate", "", StepOutcome.STEP_OUTCOME_DONE, event, "");
      case AUTHORIZED ->
          ended(
              own(),
              "authorize",
              "authorize",
              StepOutcome.STEP_OUTCOME_DONE,
              event,
              detail.getAuthorized().getConnectorReference());
      case CAPTURED ->
          ended(
              booked("capture/post", detail.getCaptured().getTransferId()),
              "capture",
              "capture",
              StepOutcome.STEP_OUTCOME_DONE,
              event,
              detail.getCaptured().getConnectorReference());
      case REMAINDER_RELEASED -> {
        Told saga = booked("release", detail.getRemainderReleased().getTransferId());
        ended(saga, freeing(saga), "release", StepOutcome.STEP_OUTCOME_DONE, event, "");
      }
      case CANCELED ->
          ended(
              booked("release", detail.getCanceled().getTransferId()),
              "cancel",
              "release",
              StepOutcome.STEP_OUTCOME_DONE,
              event,
              detail.getCanceled().getConnectorReference());
      case EXPIRED ->
          ended(
              booked("release", detail.getExpired().getTransferId()),
              "expire",
              "release",
              StepOutcome.STEP_OUTCOME_DONE,
              event,
              detail.getExpired().getConnectorReference());
      case AUTHORIZATION_REVERSED ->
          ended(
              booked("authorize/void", detail.getAuthorizationReversed().getTransferId()),
              "authorize",
              "authorize/void",
              StepOutcome.STEP_OUTCOME_DONE,
              event,
              detail.getAuthorizationReversed().getConnectorReference());
      case SETTLED -> {
        String first =
            detail.getSettled().getTransferIdsCount() == 0
                ? ""
                : detail.getSettled().getTransferIds(0);
        ended(
            booked("settle/available", first),
            "settle",
            "",
            StepOutcome.STEP_OUTCOME_DONE,
            event,
            "");
      }
      case FAILED ->
          ended(
              failed(),
              detail.getFailed().getFailure().getStep(),
              "",
              StepOutcome.STEP_OUTCOME_DECLINED,
              event,
              "");
      case REFUND_SUCCEEDED ->
          ended(
              booked("refund/post", detail.getRefundSucceeded().getTransferId()),
              "refund",
              "refund",
              StepOutcome.STEP_OUTCOME_DONE,
              event,
              detail.getRefundSucceeded().getConnectorReference());
      case REFUND_FAILED ->
          ended(
              refunding(detail.getRefundFailed().getRefund().getRefundId()),
              "refund",
              "refund",
              StepOutcome.STEP_OUTCOME_DECLINED,
              event,
              "");
      // They begin something, or say how it goes on; the step itself is over, or stands, elsewhere.
      case REQUIRES_ACTION,
          COMPLETED,
          NEEDS_ATTENTION,
          RESUMED,
          REFUND_CREATED,
          REFUND_NEEDS_ATTENTION,
          CAPTURE_STARTED,
          CAPTURE_FAILED,
          RELEASE_STARTED,
          DETAIL_NOT_SET -> {}
    }
  }

  private void ended(
      @Nullable Told saga,
      String step,
      String label,
      StepOutcome outcome,
      PaymentEvent event,
      String reference) {
    StepRun.Builder run =
        StepRun.newBuilder()
            .setStep(step)
            .setPhase(
                label.equals("authorize/void")
                    ? StepPhase.STEP_PHASE_COMPENSATION
                    : StepPhase.STEP_PHASE_ACTION)
            .setOutcome(outcome)
            .setConnectorReference(reference)
            .setAttempts(1)
            .setEndTime(event.getOccurTime());
    TimelineEntry.Builder entry = TimelineEntry.newBuilder().setTime(event.getOccurTime());
    if (saga != null) {
      String text = IdKind.SAGA.text(saga.sagaId());
      run.setAttempts(1 + again(saga, step));
      if (!label.isEmpty() && !saga.data().getConnector().equals(Wallets.CONNECTOR)) {
        run.setOperationKey(text + "/" + label);
      }
      Timestamp before = ends.put(saga.sagaId(), event.getOccurTime());
      entry.setSagaId(text).setTime(before == null ? event.getOccurTime() : before);
    }
    entries.add(entry.setStep(run).build());
  }

  /** What a saga is at, where it is not over. */
  private void underWay(Told saga) {
    StepOutcome outcome =
        switch (saga.phase()) {
          case ACT, TOLD, RELEASE, UNDO -> StepOutcome.STEP_OUTCOME_UNSPECIFIED;
          case ASK, PARKED -> StepOutcome.STEP_OUTCOME_UNKNOWN;
          case AWAIT -> StepOutcome.STEP_OUTCOME_PENDING;
          case OPEN ->
              saga.step() == Step.SETTLE || saga.step() == Step.RECLAIM
                  ? StepOutcome.STEP_OUTCOME_PENDING
                  : null;
          case ENDED, UNDONE -> null;
        };
    if (outcome != null) {
      Timestamp before = ends.get(saga.sagaId());
      StepRun.Builder run =
          StepRun.newBuilder()
              .setStep(saga.step().text())
              .setPhase(phase(saga.phase()))
              .setOutcome(outcome)
              .setAttempts(Math.max(1, saga.attempt()));
      if (saga.nextAttemptAt() != null) {
        run.setNextAttemptTime(Times.toProto(saga.nextAttemptAt()));
      }
      entries.add(
          TimelineEntry.newBuilder()
              .setTime(before == null ? Times.toProto(saga.updateTime()) : before)
              .setSagaId(IdKind.SAGA.text(saga.sagaId()))
              .setStep(run)
              .build());
    }
  }

  private static TimelineEntry attempt(Tried tried) {
    return TimelineEntry.newBuilder()
        .setTime(Times.toProto(tried.start()))
        .setSagaId(IdKind.SAGA.text(tried.sagaId()))
        .setAttempt(tried(tried))
        .build();
  }

  /** A try, for people. */
  static Attempt tried(Tried tried) {
    return Attempt.newBuilder()
        .setStep(tried.step().text())
        .setPhase(phase(tried.phase()))
        .setNumber(tried.number())
        .setOutcome(outcome(tried.signal()))
        .setError(tried.error())
        .setConnectorReference(tried.connectorReference())
        .setStartTime(Times.toProto(tried.start()))
        .setDuration(com.google.protobuf.util.Durations.fromMillis(tried.took().toMillis()))
        .build();
  }

  private static StepOutcome outcome(Signal signal) {
    return switch (signal) {
      case DECLINED, INVALID, LEDGER_REFUSED, RETRIES_SPENT, REST_ONLY ->
          StepOutcome.STEP_OUTCOME_DECLINED;
      case PENDING -> StepOutcome.STEP_OUTCOME_PENDING;
      case RETRYABLE, NOT_SENT, PROVEN_ABSENT -> StepOutcome.STEP_OUTCOME_RETRYABLE;
      case UNKNOWN, NOT_FOUND, MISMATCH, TOO_LONG, EARLY -> StepOutcome.STEP_OUTCOME_UNKNOWN;
      case VALID, DONE, SETTLED_TOO, HELD, PART, REST, AFTER_CAPTURE, TOLD, UNSETTLED, REPORTED ->
          StepOutcome.STEP_OUTCOME_DONE;
      case ASSESS,
          LAPSED,
          BUSY,
          CLOSED,
          LATE,
          HURRIED,
          BACK_TO_ASK,
          BACK_TO_ACT,
          BACK_TO_RELEASE,
          BACK_TO_UNDO ->
          StepOutcome.STEP_OUTCOME_UNSPECIFIED;
    };
  }

  private static StepPhase phase(Phase phase) {
    return phase.isUndoing() ? StepPhase.STEP_PHASE_COMPENSATION : StepPhase.STEP_PHASE_ACTION;
  }

  private static TimelineEntry change(PaymentEvent event) {
    return TimelineEntry.newBuilder()
        .setTime(event.getOccurTime())
        .setEvent(
            PaymentChange.newBuilder()
                .setEventId(event.getEventId())
                .setType(event.getType())
                .setVersion(event.getVersion())
                .setPaymentId(event.getPaymentId())
                .setOccurTime(event.getOccurTime())
                .setDetail(event.getDetail()))
        .build();
  }

  private int again(Told saga, String step) {
    return (int)
        tries.stream()
            .filter(tried -> tried.sagaId().equals(saga.sagaId()))
            .filter(tried -> tried.step().text().equals(step))
            .filter(
                tried ->
                    tried.signal() == Signal.RETRYABLE || tried.signal() == Signal.PROVEN_ABSENT)
            .count();
  }

  private @Nullable Told own() {
    return sagas.stream().filter(saga -> saga.kind() == SagaKind.PAYMENT).findAny().orElse(null);
  }

  private @Nullable Told failed() {
    return sagas.stream()
        .filter(saga -> saga.kind() != SagaKind.REFUND && saga.data().hasFailure())
        .findAny()
        .orElse(null);
  }

  private @Nullable Told refunding(String refundId) {
    return sagas.stream()
        .filter(saga -> saga.data().getRefund().getRefundId().equals(refundId))
        .findAny()
        .orElse(null);
  }

  /** The saga whose effect of this label is this transfer. */
  private @Nullable Told booked(String label, String transferId) {
    return sagas.stream()
        .filter(saga -> IdKind.TRANSFER.text(Ids.derive(saga.sagaId(), label)).equals(transferId))
        .findAny()
        .orElse(null);
  }

  private static String freeing(@Nullable Told saga) {
    if (saga == null) {
      return "remainder";
    }
    return switch (saga.kind()) {
      case CANCEL -> "cancel";
      case EXPIRE -> "expire";
      case PAYMENT, CAPTURE, REFUND, RECLAIM -> "remainder";
    };
  }
}
