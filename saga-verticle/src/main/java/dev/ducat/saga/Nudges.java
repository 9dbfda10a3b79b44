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
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
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

  private static final String ASKING =
      "select saga_id, shard from payment.saga where saga_id = $1::uuid and tenant = $2::text"
          + " and phase in ('ASK', 'AWAIT') union all"
          + " select saga_id, shard from payment.saga where payment_id = $1::uuid and kind <> 'PAYMENT'"
          + " and tenant = $2::text and phase in ('ASK', 'AWAIT')";

  private final Node node;
  private final Rarely looked = new Rarely(EVERY);

  Nudges(Node node) {
    this.node = node;
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
      node.queries()
          .preparedQuery(ASKING)
          .execute(Tuple.of(paymentId, tenant))
          .onSuccess(rows -> rows.forEach(row -> nudge(tenant, row)))
          .onFailure(failure -> LOG.debug("nobody is nudged: {}", failure.toString()));
    }
  }

  private void nudge(String tenant, Row row) {
    UUID saga = row.getUUID("saga_id");
    node.bus()
        .ask(
            UnitKind.PAYMENT_SHARD.address(row.getInteger("shard")),
            ShardRequest.newBuilder()
                .setTenant(tenant)
                .setNudge(NudgeCommand.newBuilder().setSagaId(IdKind.SAGA.text(saga)))
                .build(),
            ShardReply.getDefaultInstance(),
            ANSWER_MAX)
        .onFailure(lost -> LOG.debug("a nudge is lost: {}", lost.toString()));
  }
}
