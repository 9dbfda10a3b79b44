package dev.ducat.saga;

import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.Reported;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.saga.PaymentBook.Live;
import dev.ducat.saga.PaymentMessage.Asking;

/** What a client of a shard is told. */
final class Answer {
  private Answer() {}

  /** What it asked for, as it stands: the payment, or its refund. */
  static ShardReply of(Live live, boolean replayed, Asking asking) {
    if (live.saga().claim().kind() != SagaKind.REFUND) {
      return of(live.standing(), !live.saga().moves(), replayed, asking);
    }
    return ShardReply.newBuilder()
        .setRefund(live.saga().data().getRefund())
        .setReplayed(replayed)
        .setAtRest(!live.saga().moves())
        .setFingerprint(asking.fingerprint())
        .build();
  }

  static ShardReply of(Standing standing, boolean atRest, boolean replayed, Asking asking) {
    return ShardReply.newBuilder()
        .setPayment(standing.payment())
        .setReplayed(replayed)
        .setAtRest(atRest)
        .setFingerprint(asking.fingerprint())
        .build();
  }

  static Refusal reused(String field) {
    return Refusal.newBuilder()
        .setReason(RefusalReason.REFUSAL_REASON_IDEMPOTENCY_KEY_REUSED)
        .setMessage("this idempotency key was used with another request")
        .setField(field)
        .build();
  }

  static Refusal invalid(String field, String message) {
    return Refusal.newBuilder()
        .setReason(RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT)
        .setMessage(message)
        .setField(field)
        .build();
  }

  static ShardReply reported(boolean duplicate) {
    return ShardReply.newBuilder()
        .setReported(Reported.newBuilder().setDuplicate(duplicate))
        .setAtRest(true)
        .build();
  }

  static ShardReply of(dev.ducat.proto.operations.v1.Saga saga) {
    return ShardReply.newBuilder().setSaga(saga).setAtRest(true).build();
  }

  /** Which saga came of a decision of before: only its id, the reader knows the rest. */
  static ShardReply decided(OperatorRules.Decided before) {
    return ShardReply.newBuilder()
        .setSaga(dev.ducat.proto.operations.v1.Saga.newBuilder().setSagaId(before.sagaId()))
        .setReplayed(before.replayed())
        .setAtRest(true)
        .build();
  }

  static Refusal sagaNotFound() {
    return Refusal.newBuilder()
        .setReason(RefusalReason.REFUSAL_REASON_SAGA_NOT_FOUND)
        .setMessage("no such saga")
        .build();
  }

  static Refusal operationNotFound() {
    return Refusal.newBuilder()
        .setReason(RefusalReason.REFUSAL_REASON_OPERATION_NOT_FOUND)
        .setMessage("no such operation of this connector and tenant")
        .build();
  }

  static Refusal notFound() {
    return Refusal.newBuilder()
        .setReason(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_FOUND)
        .setMessage("no such payment")
        .build();
  }
}
