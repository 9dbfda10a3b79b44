package dev.ducat.saga;

import com.google.protobuf.Timestamp;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.proto.internal.v1.NudgeCommand;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundState;
import java.time.Duration;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who reads a payment wants to know how it stands. Where the PSP knows more than Ducat does, the
 * saga in question is told to ask now, whatever its schedule says. Beside the read, which never
 * waits for it; best effort, because the schedule is there all the same.
 */
final class Nudges {
  private static final Logger LOG = LoggerFactory.getLogger(Nudges.class);

  /** Clients that read in a loop must not turn into questions to the PSP in a loop. */
  static final Duration EVERY = Duration.ofSeconds(1);

  private static final Duration ANSWER_MAX = Duration.ofSeconds(1);

  private final Node node;
  private final PaymentQueryStore payments;
  private final Rarely looked = new Rarely(EVERY);

  Nudges(Node node, PaymentQueryStore payments) {
    this.node = node;
    this.payments = payments;
  }

  /** The payment was read. */
  void read(String tenant, Standing standing) {
    boolean open = !standing.resting() || standing.isUndecided() || standing.pendingRefund() > 0;
    if (open) {
      perhaps(tenant, standing.uuid(), standing.payment().getUpdateTime());
    }
  }

  /** A refund was read. */
  void read(String tenant, Refund refund) {
    if (refund.getState() == RefundState.REFUND_STATE_PENDING) {
      PaymentId.parse(refund.getPaymentId())
          .ifPresent(payment -> perhaps(tenant, payment.uuid(), refund.getUpdateTime()));
    }
  }

  /** What has changed just now is under way, not in doubt. */
  private void perhaps(String tenant, UUID paymentId, Timestamp changed) {
    boolean lasts = Times.fromProto(changed).plus(EVERY).isBefore(node.clock().now());
    if (lasts && looked.may(paymentId, node.clock().monotonicNanos())) {
      payments
          .asking(tenant, paymentId)
          .onSuccess(sagas -> sagas.forEach(saga -> nudge(tenant, saga)))
          .onFailure(failure -> LOG.debug("nobody is nudged: {}", failure.toString()));
    }
  }

  private void nudge(String tenant, PaymentQueryStore.Asking saga) {
    node.bus()
        .ask(
            UnitKind.PAYMENT_SHARD.address(saga.shard()),
            ShardRequest.newBuilder()
                .setTenant(tenant)
                .setNudge(NudgeCommand.newBuilder().setSagaId(IdKind.SAGA.text(saga.sagaId())))
                .build(),
            ShardReply.getDefaultInstance(),
            ANSWER_MAX)
        .onFailure(lost -> LOG.debug("a nudge is lost: {}", lost.toString()));
  }
}
