package dev.ducat.saga;

import com.google.protobuf.util.Durations;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.operations.v1.OutstandingAction;
import dev.ducat.proto.operations.v1.SagaKind;
import dev.ducat.proto.operations.v1.SagaState;
import dev.ducat.proto.payments.v1.Failure;
import java.time.Duration;
import java.time.Instant;

/** A saga as operators see it. */
final class SagaView {
  private SagaView() {}

  /**
   * Shows a saga.
   *
   * @param changed when its row changed last
   * @param here how long it has been at its step and phase
   */
  static dev.ducat.proto.operations.v1.Saga of(
      Saga saga, Standing standing, Instant changed, Duration here) {
    Claim claim = saga.claim();
    SagaData data = saga.data();
    dev.ducat.proto.operations.v1.Saga.Builder view =
        dev.ducat.proto.operations.v1.Saga.newBuilder()
            .setSagaId(claim.sagaText())
            .setTenant(claim.tenant())
            .setKind(kind(claim.kind()))
            .setPaymentId(claim.paymentId().text())
            .setRefundId(data.getRefund().getRefundId())
            .setIdempotencyKey(claim.idempotencyKey())
            .setDefinitionVersion(claim.definitionVersion())
            .setStep(saga.step().text())
            .setState(state(saga.state()))
            .setAttempt(saga.attempt())
            .setVersion(saga.version())
            .setShard(claim.shard())
            .setCreateTime(Times.toProto(claim.createdAt()))
            .setUpdateTime(Times.toProto(changed))
            .setUnchangedFor(Durations.fromMillis(Math.max(0, here.toMillis())));
    Instant next = saga.nextAttemptAt();
    if (next != null && !saga.phase().isOver()) {
      view.setNextAttemptTime(Times.toProto(next));
    }
    Failure failure = failure(saga, standing);
    if (!failure.equals(Failure.getDefaultInstance())) {
      view.setFailure(failure);
    }
    if (!saga.phase().isOver() && data.getIntent().hasConnectorCall()) {
      view.setOperationKey(Answers.keyOf(data.getIntent().getConnectorCall()))
          .setOutcomeUnknown(saga.phase() == Phase.ASK || saga.phase() == Phase.PARKED)
          .setOutstanding(outstanding(data));
    }
    return view.build();
  }

  /**
   * A saga that stands still says so where its payment, or its refund, says so; no payment speaks
   * of what appeared late.
   */
  private static Failure failure(Saga saga, Standing standing) {
    if (saga.claim().kind() == dev.ducat.saga.SagaKind.REFUND) {
      return saga.data().getRefund().getFailure();
    }
    return saga.phase() == Phase.PARKED && saga.claim().kind() != dev.ducat.saga.SagaKind.RECLAIM
        ? standing.payment().getFailure()
        : saga.data().getFailure();
  }

  private static OutstandingAction outstanding(SagaData data) {
    ConnectorCall call = data.getIntent().getConnectorCall();
    OutstandingAction.Builder action =
        OutstandingAction.newBuilder()
            .setKind(Answers.kindOf(call))
            .setConnector(data.getConnector())
            .setAmount(Answers.amountOf(call))
            .setPolls(data.getPolls());
    if (data.hasFirstSentTime()) {
      action.setFirstSendTime(data.getFirstSentTime());
    }
    if (data.hasUnknownSince()) {
      action.setUnknownSinceTime(data.getUnknownSince());
    }
    return action.build();
  }

  private static SagaKind kind(dev.ducat.saga.SagaKind kind) {
    return switch (kind) {
      case PAYMENT -> SagaKind.SAGA_KIND_CREATE;
      case CAPTURE -> SagaKind.SAGA_KIND_CAPTURE;
      case CANCEL -> SagaKind.SAGA_KIND_CANCEL;
      case REFUND -> SagaKind.SAGA_KIND_REFUND;
      case EXPIRE -> SagaKind.SAGA_KIND_EXPIRE;
      case RECLAIM -> SagaKind.SAGA_KIND_RECLAIM;
    };
  }

  private static SagaState state(dev.ducat.saga.SagaState state) {
    return SagaState.valueOf("SAGA_STATE_" + state.name());
  }

  /** As the table writes it. */
  static String text(SagaState state) {
    return state.name().substring("SAGA_STATE_".length());
  }
}
