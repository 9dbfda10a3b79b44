package dev.ducat.saga;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.lane.Plan;
import dev.ducat.kernel.sql.SqlStatement;
import dev.ducat.proto.payments.v1.Refund;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What the lanes write to {@code payment.refund}: each refund as its saga's last commit left it.
 */
final class RefundStore {
  static final String STATE_PREFIX = "REFUND_STATE_";

  private static final String INSERT =
      """
      insert into payment.refund (refund_id, payment_id, saga_id, tenant, state, currency, amount, reason,
        idempotency_key, payment_version, create_time, update_time)
      select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[],
        $8::text[], $9::text[], $10::bigint[], $11::timestamptz[], $12::timestamptz[])
      """;

  static final String UPDATE =
      """
      with changed as (
        update payment.refund r
           set state = d.state, failure_code = d.failure_code, failure_message = d.failure_message,
               failure_step = d.failure_step, payment_version = d.payment_version, update_time = d.update_time
          from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
            $8::timestamptz[])
            as d(refund_id, version_before, state, failure_code, failure_message, failure_step, payment_version,
            update_time)
         where r.refund_id = d.refund_id and r.payment_version = d.version_before
        returning 1)
      select outbox.expect('payment.refund', cardinality($1::uuid[]), (select count(*) from changed))
      """;

  private RefundStore() {}

  /** Adds the statements for the refunds among the sagas of a batch; none where there are none. */
  static void write(Plan plan, List<Saga> created, List<PaymentStore.ChangedSaga> changed) {
    List<Saga> begun = new ArrayList<>();
    for (Saga saga : created) {
      if (saga.claim().kind() == SagaKind.REFUND) {
        begun.add(saga);
      }
    }
    List<PaymentStore.ChangedSaga> moved = new ArrayList<>();
    for (PaymentStore.ChangedSaga saga : changed) {
      if (saga.after().claim().kind() == SagaKind.REFUND
          && !saga.before().data().getRefund().equals(saga.after().data().getRefund())) {
        moved.add(saga);
      }
    }
    if (!begun.isEmpty()) {
      plan.execute(insert(begun));
    }
    if (!moved.isEmpty()) {
      plan.execute(update(moved));
    }
  }

  private static SqlStatement insert(List<Saga> begun) {
    Columns columns =
        new Columns(
            begun.size(),
            UUID[]::new,
            UUID[]::new,
            UUID[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            Long[]::new,
            String[]::new,
            String[]::new,
            Long[]::new,
            OffsetDateTime[]::new,
            OffsetDateTime[]::new);
    for (Saga saga : begun) {
      Refund refund = saga.data().getRefund();
      columns.next(
          uuid(refund),
          saga.claim().paymentId().uuid(),
          saga.claim().sagaId(),
          saga.claim().tenant(),
          stateText(refund),
          refund.getAmount().getCurrencyCode(),
          refund.getAmount().getMinorUnits(),
          refund.getReason(),
          refund.getIdempotencyKey(),
          refund.getPaymentVersion(),
          PaymentStore.time(Times.fromProto(refund.getCreateTime())),
          PaymentStore.time(Times.fromProto(refund.getUpdateTime())));
    }
    return new SqlStatement(INSERT, Tuple.from(columns.arrays()));
  }

  private static SqlStatement update(List<PaymentStore.ChangedSaga> moved) {
    Columns columns =
        new Columns(
            moved.size(),
            UUID[]::new,
            Long[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            Long[]::new,
            OffsetDateTime[]::new);
    for (PaymentStore.ChangedSaga saga : moved) {
      Refund refund = saga.after().data().getRefund();
      columns.next(
          uuid(refund),
          saga.before().data().getRefund().getPaymentVersion(),
          stateText(refund),
          refund.hasFailure() ? refund.getFailure().getCode() : null,
          refund.hasFailure() ? refund.getFailure().getMessage() : null,
          refund.hasFailure() ? refund.getFailure().getStep() : null,
          refund.getPaymentVersion(),
          PaymentStore.time(Times.fromProto(refund.getUpdateTime())));
    }
    return new SqlStatement(UPDATE, Tuple.from(columns.arrays()));
  }

  private static UUID uuid(Refund refund) {
    return IdKind.REFUND.parse(refund.getRefundId()).orElseThrow();
  }

  private static String stateText(Refund refund) {
    return refund.getState().name().substring(STATE_PREFIX.length());
  }
}
