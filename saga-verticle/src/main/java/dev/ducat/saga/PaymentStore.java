package dev.ducat.saga;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.lane.Plan;
import dev.ducat.kernel.sql.SqlStatement;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the lanes write to the schema {@code payment}: one statement per table and transaction,
 * whatever the batch's size. The texts are public for the bench, which runs them without the lanes
 * around them.
 */
public final class PaymentStore {
  static final String STATE_PREFIX = "PAYMENT_STATE_";
  static final String MODE_PREFIX = "CAPTURE_MODE_";
  static final String ACTION_PREFIX = "NEXT_ACTION_TYPE_";

  public static final String INSERT_PAYMENTS =
      """
      insert into payment.payment (payment_id, tenant, shard, state, resting, currency, amount,
        amount_authorized, amount_captured, pending_capture, payment_method, merchant_account, connector,
        capture_mode, reference, description, metadata, idempotency_key, failure_code, failure_message, failure_step,
        version, create_time, update_time)
      select unnest($1::uuid[]), unnest($2::text[]), unnest($3::int[]), unnest($4::text[]), unnest($5::boolean[]),
        unnest($6::text[]), unnest($7::bigint[]), unnest($8::bigint[]), unnest($9::bigint[]), unnest($10::bigint[]),
        unnest($11::text[]), unnest($12::text[]), unnest($13::text[]), unnest($14::text[]), unnest($15::text[]),
        unnest($16::text[]), unnest($17::text[])::jsonb, unnest($18::text[]), unnest($19::text[]),
        unnest($20::text[]), unnest($21::text[]), unnest($22::bigint[]), unnest($23::timestamptz[]),
        unnest($24::timestamptz[])
      """;

  /** A key lives by the clock that ends it, which is the database's. */
  public static final String INSERT_SAGAS =
      """
      insert into payment.saga (saga_id, tenant, shard, payment_id, kind, definition_version, method,
        idempotency_key, key_expires_at, request, fingerprint, traceparent, create_time,
        step, phase, state, finished, attempt, next_attempt_at, version, data, outcome, update_time)
      select unnest($1::uuid[]), unnest($2::text[]), unnest($3::int[]), unnest($4::uuid[]), unnest($5::text[]),
        unnest($6::int[]), unnest($7::text[]), unnest($8::text[]),
        clock_timestamp() + (unnest($9::timestamptz[]) - unnest($13::timestamptz[])), unnest($10::bytea[]),
        unnest($11::bytea[]), unnest($12::text[]), unnest($13::timestamptz[]), unnest($14::text[]),
        unnest($15::text[]), unnest($16::text[]), unnest($17::boolean[]), unnest($18::int[]),
        unnest($19::timestamptz[]), unnest($20::bigint[]), unnest($21::bytea[]), unnest($22::text[]),
        unnest($23::timestamptz[])
      """;

  public static final String UPDATE_PAYMENTS =
      """
      with changed as (
        update payment.payment p
           set state = d.state, resting = d.resting, amount_authorized = d.amount_authorized,
               amount_captured = d.amount_captured, amount_refunded = d.amount_refunded,
               pending_capture = d.pending_capture, pending_refund = d.pending_refund, closing = d.closing,
               failure_code = d.failure_code,
               failure_message = d.failure_message, failure_step = d.failure_step,
               next_action_type = d.next_action_type, next_action_url = d.next_action_url,
               authorization_expire_time = d.authorization_expire_time,
               version = d.version, update_time = d.update_time
          from (select unnest($1::uuid[]) as payment_id, unnest($2::bigint[]) as version_before,
            unnest($3::text[]) as state, unnest($4::boolean[]) as resting, unnest($5::bigint[]) as amount_authorized,
            unnest($6::bigint[]) as amount_captured, unnest($7::bigint[]) as amount_refunded,
            unnest($8::bigint[]) as pending_capture, unnest($9::text[]) as failure_code,
            unnest($10::text[]) as failure_message, unnest($11::text[]) as failure_step,
            unnest($12::text[]) as next_action_type, unnest($13::text[]) as next_action_url,
            unnest($14::timestamptz[]) as authorization_expire_time, unnest($15::bigint[]) as version,
            unnest($16::timestamptz[]) as update_time, unnest($17::bigint[]) as pending_refund,
            unnest($18::text[]) as closing) as d
         where p.payment_id = d.payment_id and p.version = d.version_before
        returning 1)
      select outbox.expect('payment.payment', cardinality($1::uuid[]), (select count(*) from changed))
      """;

  public static final String UPDATE_SAGAS =
      """
      with changed as (
        update payment.saga s
           set step = d.step, phase = d.phase, state = d.state, finished = d.finished, attempt = d.attempt,
               next_attempt_at = d.next_attempt_at, version = d.version, data = d.data, outcome = d.outcome,
               update_time = d.update_time
          from (select unnest($1::uuid[]) as saga_id, unnest($2::bigint[]) as version_before,
            unnest($3::text[]) as step, unnest($4::text[]) as phase, unnest($5::text[]) as state,
            unnest($6::boolean[]) as finished, unnest($7::int[]) as attempt,
            unnest($8::timestamptz[]) as next_attempt_at, unnest($9::bigint[]) as version,
            unnest($10::bytea[]) as data, unnest($11::text[]) as outcome,
            unnest($12::timestamptz[]) as update_time) as d
         where s.saga_id = d.saga_id and s.version = d.version_before
        returning 1)
      select outbox.expect('payment.saga', cardinality($1::uuid[]), (select count(*) from changed))
      """;

  private static final String INSERT_ATTEMPTS =
      """
      insert into payment.attempt (saga_id, payment_id, tenant, step, phase, number, outcome, error,
        connector_reference, start_time, duration_ms)
      select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[],
        $8::text[], $9::text[], $10::timestamptz[], $11::bigint[])
      """;

  /**
   * For the few payments whose settlement is reported; behind what the report may count against.
   */
  private static final String REPORT_SETTLEMENTS =
      """
      update payment.payment p
         set settlement_reported = d.reported
        from (select unnest($1::uuid[]) as payment_id, unnest($2::bigint[]) as reported) as d
       where p.payment_id = d.payment_id
      """;

  private PaymentStore() {}

  /** A payment that did not exist. */
  record NewPayment(Claim claim, Standing standing) {}

  /** A payment as it is in the table, by its version, and as it will be. */
  record ChangedPayment(Claim claim, Standing before, Standing standing) {
    long versionBefore() {
      return before.payment().getVersion();
    }

    boolean isReported() {
      return before.settlementReported() != standing.settlementReported();
    }
  }

  /** A saga as it is in the table, and as it will be. */
  record ChangedSaga(Saga before, Saga after) {}

  /** An attempt and when it was made. */
  record AttemptMade(Claim claim, Decision.Attempt attempt, Instant started, Duration took) {}

  /** What a batch writes. */
  record Rows(
      List<NewPayment> newPayments,
      List<Saga> newSagas,
      List<ChangedSaga> changedSagas,
      List<ChangedPayment> changedPayments,
      List<AttemptMade> attempts) {}

  /** Adds the statements that write a batch. */
  static void write(Plan plan, Rows rows, Instant now) {
    if (!rows.newPayments.isEmpty()) {
      plan.execute(insertPayments(rows.newPayments));
    }
    if (!rows.newSagas.isEmpty()) {
      plan.execute(insertSagas(rows.newSagas, now));
    }
    if (!rows.changedSagas.isEmpty()) {
      plan.execute(updateSagas(rows.changedSagas, now));
    }
    if (!rows.changedPayments.isEmpty()) {
      plan.execute(updatePayments(rows.changedPayments));
    }
    List<ChangedPayment> reported =
        rows.changedPayments.stream().filter(ChangedPayment::isReported).toList();
    if (!reported.isEmpty()) {
      plan.execute(reportSettlements(reported));
    }
    if (!rows.attempts.isEmpty()) {
      plan.execute(insertAttempts(rows.attempts));
    }
    RefundStore.write(plan, rows.newSagas, rows.changedSagas);
  }

  // ---- statements

  private static SqlStatement insertPayments(List<NewPayment> created) {
    Columns columns =
        new Columns(
            created.size(),
            UUID[]::new,
            String[]::new,
            Integer[]::new,
            String[]::new,
            Boolean[]::new,
            String[]::new,
            Long[]::new,
            Long[]::new,
            Long[]::new,
            Long[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            Long[]::new,
            OffsetDateTime[]::new,
            OffsetDateTime[]::new);
    for (NewPayment row : created) {
      Payment p = row.standing.payment();
      Claim claim = row.claim;
      columns.next(
          claim.paymentId().uuid(),
          claim.tenant(),
          claim.shard(),
          stateText(p.getState()),
          row.standing.resting(),
          p.getAmount().getCurrencyCode(),
          p.getAmount().getMinorUnits(),
          p.getAmountAuthorized().getMinorUnits(),
          p.getAmountCaptured().getMinorUnits(),
          row.standing.pendingCapture(),
          p.getPaymentMethod(),
          p.getMerchantAccount(),
          p.getConnector(),
          p.getCaptureMode().name().substring(MODE_PREFIX.length()),
          p.getReference(),
          p.getDescription(),
          metadata(p),
          claim.idempotencyKey(),
          p.hasFailure() ? p.getFailure().getCode() : null,
          p.hasFailure() ? p.getFailure().getMessage() : null,
          p.hasFailure() ? p.getFailure().getStep() : null,
          p.getVersion(),
          time(Times.fromProto(p.getCreateTime())),
          time(Times.fromProto(p.getUpdateTime())));
    }
    return new SqlStatement(INSERT_PAYMENTS, Tuple.from(columns.arrays()));
  }

  private static SqlStatement insertSagas(List<Saga> created, Instant now) {
    Columns columns =
        new Columns(
            created.size(),
            UUID[]::new,
            String[]::new,
            Integer[]::new,
            UUID[]::new,
            String[]::new,
            Integer[]::new,
            String[]::new,
            String[]::new,
            OffsetDateTime[]::new,
            Buffer[]::new,
            Buffer[]::new,
            String[]::new,
            OffsetDateTime[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            Boolean[]::new,
            Integer[]::new,
            OffsetDateTime[]::new,
            Long[]::new,
            Buffer[]::new,
            String[]::new,
            OffsetDateTime[]::new);
    for (Saga saga : created) {
      Claim claim = saga.claim();
      columns.next(
          claim.sagaId(),
          claim.tenant(),
          claim.shard(),
          claim.paymentId().uuid(),
          claim.kind().name(),
          claim.definitionVersion(),
          claim.kind().method(),
          claim.kind().method() == null ? null : claim.idempotencyKey(),
          claim.kind().method() == null ? null : time(claim.keyExpiresAt()),
          buffer(claim.canonical()),
          buffer(claim.fingerprint()),
          claim.traceparent().isEmpty() ? null : claim.traceparent(),
          time(claim.createdAt()),
          saga.step().name(),
          saga.phase().name(),
          saga.state().name(),
          saga.phase().isOver(),
          saga.attempt(),
          time(saga.nextAttemptAt()),
          saga.version(),
          Buffer.buffer(saga.data().toByteArray()),
          saga.outcome(),
          time(now));
    }
    return new SqlStatement(INSERT_SAGAS, Tuple.from(columns.arrays()));
  }

  private static SqlStatement updateSagas(List<ChangedSaga> changed, Instant now) {
    Columns columns =
        new Columns(
            changed.size(),
            UUID[]::new,
            Long[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            Boolean[]::new,
            Integer[]::new,
            OffsetDateTime[]::new,
            Long[]::new,
            Buffer[]::new,
            String[]::new,
            OffsetDateTime[]::new);
    for (ChangedSaga row : changed) {
      Saga saga = row.after;
      columns.next(
          saga.claim().sagaId(),
          row.before.version(),
          saga.step().name(),
          saga.phase().name(),
          saga.state().name(),
          saga.phase().isOver(),
          saga.attempt(),
          time(saga.nextAttemptAt()),
          saga.version(),
          Buffer.buffer(saga.data().toByteArray()),
          saga.outcome(),
          time(now));
    }
    return new SqlStatement(UPDATE_SAGAS, Tuple.from(columns.arrays()));
  }

  private static SqlStatement updatePayments(List<ChangedPayment> changed) {
    Columns columns =
        new Columns(
            changed.size(),
            UUID[]::new,
            Long[]::new,
            String[]::new,
            Boolean[]::new,
            Long[]::new,
            Long[]::new,
            Long[]::new,
            Long[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            OffsetDateTime[]::new,
            Long[]::new,
            OffsetDateTime[]::new,
            Long[]::new,
            String[]::new);
    for (ChangedPayment row : changed) {
      Standing standing = row.standing;
      Payment p = standing.payment();
      columns.next(
          row.claim.paymentId().uuid(),
          row.versionBefore(),
          stateText(p.getState()),
          standing.resting(),
          p.getAmountAuthorized().getMinorUnits(),
          p.getAmountCaptured().getMinorUnits(),
          p.getAmountRefunded().getMinorUnits(),
          standing.pendingCapture(),
          p.hasFailure() ? p.getFailure().getCode() : null,
          p.hasFailure() ? p.getFailure().getMessage() : null,
          p.hasFailure() ? p.getFailure().getStep() : null,
          p.hasNextAction()
              ? p.getNextAction().getType().name().substring(ACTION_PREFIX.length())
              : null,
          p.hasNextAction() ? p.getNextAction().getUrl() : null,
          p.hasAuthorizationExpireTime()
              ? time(Times.fromProto(p.getAuthorizationExpireTime()))
              : null,
          p.getVersion(),
          time(Times.fromProto(p.getUpdateTime())),
          standing.pendingRefund(),
          standing.closing().name());
    }
    return new SqlStatement(UPDATE_PAYMENTS, Tuple.from(columns.arrays()));
  }

  private static SqlStatement reportSettlements(List<ChangedPayment> reported) {
    Columns columns = new Columns(reported.size(), UUID[]::new, Long[]::new);
    for (ChangedPayment row : reported) {
      columns.next(row.claim.paymentId().uuid(), row.standing.settlementReported());
    }
    return new SqlStatement(REPORT_SETTLEMENTS, Tuple.from(columns.arrays()));
  }

  private static SqlStatement insertAttempts(List<AttemptMade> attempts) {
    Columns columns =
        new Columns(
            attempts.size(),
            UUID[]::new,
            UUID[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            Integer[]::new,
            String[]::new,
            String[]::new,
            String[]::new,
            OffsetDateTime[]::new,
            Long[]::new);
    for (AttemptMade made : attempts) {
      Decision.Attempt attempt = made.attempt;
      columns.next(
          made.claim.sagaId(),
          made.claim.paymentId().uuid(),
          made.claim.tenant(),
          attempt.step().name(),
          attempt.phase().name(),
          attempt.number(),
          attempt.signal().name(),
          attempt.error(),
          attempt.connectorReference(),
          time(made.started),
          Math.max(0, made.took.toMillis()));
    }
    return new SqlStatement(INSERT_ATTEMPTS, Tuple.from(columns.arrays()));
  }

  /** A state as the table writes it. */
  static String stateText(PaymentState state) {
    return state.name().substring(STATE_PREFIX.length());
  }

  private static String metadata(Payment payment) {
    if (payment.getMetadataCount() == 0) {
      return "{}";
    }
    JsonObject json = new JsonObject();
    payment.getMetadataMap().forEach(json::put);
    return json.encode();
  }

  private static Buffer buffer(ByteString bytes) {
    return Buffer.buffer(bytes.toByteArray());
  }

  static @Nullable OffsetDateTime time(@Nullable Instant instant) {
    return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
  }
}
