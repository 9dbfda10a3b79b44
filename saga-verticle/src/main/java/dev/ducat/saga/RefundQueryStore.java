package dev.ducat.saga;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.node.Node;
import dev.ducat.proto.payments.v1.Failure;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundState;
import dev.ducat.proto.type.v1.Money;
import dev.ducat.saga.PaymentQueryStore.Position;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads of refunds beside the lanes, from the primary, always within one tenant. */
final class RefundQueryStore {
  private static final String COLUMNS =
      "refund_id, payment_id, state, currency, amount, reason, idempotency_key, failure_code, failure_message,"
          + " failure_step, payment_version, create_time, update_time";

  private static final String BY_ID =
      "select " + COLUMNS + " from payment.refund where refund_id = $1::uuid and tenant = $2::text";

  private static final String BY_PAYMENT =
      "select "
          + COLUMNS
          + " from payment.refund where payment_id = $1::uuid and tenant = $2::text"
          + " and ($3::timestamptz is null or (create_time, refund_id) < ($3::timestamptz, $4::uuid))"
          + " order by create_time desc, refund_id desc limit $5::int";

  private final Pool pool;

  RefundQueryStore(Node node) {
    this.pool = node.queries();
  }

  Future<Optional<Refund>> byId(String tenant, UUID refundId) {
    return pool.preparedQuery(BY_ID)
        .execute(Tuple.of(refundId, tenant))
        .map(
            rows ->
                rows.size() == 0 ? Optional.empty() : Optional.of(refund(rows.iterator().next())));
  }

  /** Refunds of a payment, newest first. */
  Future<List<Refund>> page(String tenant, UUID paymentId, @Nullable Position after, int limit) {
    return pool.preparedQuery(BY_PAYMENT)
        .execute(
            Tuple.of(
                paymentId,
                tenant,
                after == null ? null : PaymentStore.time(after.createTime()),
                after == null ? null : after.paymentId(),
                limit))
        .map(
            rows -> {
              List<Refund> page = new ArrayList<>(rows.size());
              rows.forEach(row -> page.add(refund(row)));
              return page;
            });
  }

  /** A refund from a row with {@link #COLUMNS}. */
  private static Refund refund(Row row) {
    Refund.Builder refund =
        Refund.newBuilder()
            .setRefundId(IdKind.REFUND.text(row.getUUID("refund_id")))
            .setPaymentId(new PaymentId(row.getUUID("payment_id")).text())
            .setState(RefundState.valueOf(RefundStore.STATE_PREFIX + row.getString("state")))
            .setAmount(
                Money.newBuilder()
                    .setCurrencyCode(row.getString("currency"))
                    .setMinorUnits(row.getLong("amount")))
            .setReason(row.getString("reason"))
            .setPaymentVersion(row.getLong("payment_version"))
            .setCreateTime(Times.toProto(row.getOffsetDateTime("create_time").toInstant()))
            .setUpdateTime(Times.toProto(row.getOffsetDateTime("update_time").toInstant()));
    String key = row.getString("idempotency_key");
    if (key != null) {
      refund.setIdempotencyKey(key);
    }
    String failure = row.getString("failure_code");
    if (failure != null) {
      refund.setFailure(
          Failure.newBuilder()
              .setCode(failure)
              .setMessage(row.getString("failure_message"))
              .setStep(row.getString("failure_step")));
    }
    return refund.build();
  }
}
