package dev.ducat.saga;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.sql.Await;
import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.Failure;
import dev.ducat.proto.payments.v1.NextAction;
import dev.ducat.proto.payments.v1.NextActionType;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.type.v1.Money;
import dev.ducat.saga.PaymentMessage.Operate;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What is read of the schema {@code payment} into a lane's memory, and how its rows are read. */
final class PaymentLoadStore {
  /** Later than any change of a row. */
  static final Instant ANY_TIME = Instant.parse("9999-01-01T00:00:00Z");

  private static final Duration ANSWER_MAX = Duration.ofSeconds(4);

  /** Columns of a payment, as {@link #standing} reads them. */
  static final String PAYMENT_COLUMNS =
      "p.payment_id, p.tenant, p.state, p.resting, p.currency, p.amount, p.amount_authorized, p.amount_captured,"
          + " p.amount_refunded, p.pending_capture, p.pending_refund, p.payment_method, p.merchant_account, p.connector,"
          + " p.capture_mode, p.reference, p.description, p.metadata, p.idempotency_key, p.failure_code,"
          + " p.failure_message, p.failure_step, p.next_action_type, p.next_action_url, p.version, p.create_time,"
          + " p.update_time, p.authorization_expire_time, p.closing, p.settlement_reported";

  /** Columns of a saga, as {@link #saga} reads them beside those of its payment. */
  static final String SAGA_COLUMNS =
      "s.saga_id, s.shard, s.kind, s.definition_version, s.idempotency_key as saga_key, s.key_expires_at, s.request,"
          + " s.fingerprint, s.traceparent, s.create_time as saga_create_time, s.step, s.phase, s.attempt,"
          + " s.next_attempt_at, s.version as saga_version, s.data";

  static final String UNFINISHED =
      "select "
          + SAGA_COLUMNS
          + ", "
          + PAYMENT_COLUMNS
          + " from payment.saga s"
          + " join payment.payment p on p.payment_id = s.payment_id"
          + " where s.shard = any($1::int[]) and not s.finished and s.state <> 'NEEDS_ATTENTION'"
          + " and (s.next_attempt_at is null or s.next_attempt_at < $2::timestamptz)"
          + " and s.update_time < $3::timestamptz";

  /**
   * The subquery with its limit makes the planner go from each key to its row. As a plain join it
   * walked the whole index for each batch, as long as the table had no statistics: measured, 50
   * times slower.
   */
  static final String BY_KEY =
      "select known.* from unnest($1::text[], $2::text[]) as k(tenant, key) cross join lateral"
          + " (select s.request, s.fingerprint, s.idempotency_key as saga_key, "
          + PAYMENT_COLUMNS
          + " from payment.saga s join payment.payment p on p.payment_id = s.payment_id"
          + " where s.tenant = k.tenant and s.method = 'CreatePayment' and s.idempotency_key = k.key"
          + " limit 1) as known";

  /**
   * A payment with its sagas: its own, those that are not finished or captured, and the one that
   * holds the key. Finished refunds, of which there may be many, stay out.
   */
  static final String OPERATIONS =
      "select "
          + SAGA_COLUMNS
          + ", "
          + PAYMENT_COLUMNS
          + ", o.tenant as asked_tenant, o.kind as asked_kind, o.key as asked_key"
          + " from unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) as o(tenant, payment_id, kind, key)"
          + " cross join lateral (select * from payment.saga own where own.saga_id = o.payment_id union all"
          + " select * from payment.saga later where later.payment_id = o.payment_id and later.kind <> 'PAYMENT'"
          + " and (later.kind <> 'REFUND' or not later.finished"
          + " or (later.kind = o.kind and later.idempotency_key = o.key))) as s"
          + " join payment.payment p on p.payment_id = s.payment_id"
          + " where s.tenant = o.tenant";

  /** Sagas by their ids, with their payments. */
  static final String BY_SAGA =
      "select "
          + SAGA_COLUMNS
          + ", "
          + PAYMENT_COLUMNS
          + " from payment.saga s join payment.payment p on p.payment_id = s.payment_id"
          + " where s.saga_id = any($1::uuid[])";

  /**
   * Sagas that wait for the reports of payments' settlements. A payment's own saga is not among
   * them: where it waits, it is the one that the report names.
   */
  static final String SETTLING =
      "select "
          + SAGA_COLUMNS
          + ", "
          + PAYMENT_COLUMNS
          + " from payment.saga s join payment.payment p on p.payment_id = s.payment_id"
          + " where s.payment_id = any($1::uuid[]) and s.kind <> 'PAYMENT' and not s.finished"
          + " and s.step = 'SETTLE' and s.phase = 'OPEN'";

  private PaymentLoadStore() {}

  /** A payment that an operation is about. */
  record Found(int shard, Standing standing, List<Saga> sagas) {}

  /** A saga with its payment. */
  record Loaded(Saga saga, Standing standing) {}

  /** What a key stands for. */
  record Known(
      String tenant, String key, ByteString canonical, ByteString fingerprint, Standing standing) {}

  /**
   * Unfinished sagas of some shards that are due before {@code horizon} and whose last change is
   * older than {@code settledBefore}.
   */
  static List<Loaded> unfinished(
      SqlConnection connection,
      Collection<Integer> shards,
      Instant horizon,
      Instant settledBefore) {
    RowSet<Row> rows =
        Await.result(
            connection
                .preparedQuery(UNFINISHED)
                .execute(
                    Tuple.of(
                        shards.toArray(Integer[]::new),
                        PaymentStore.time(horizon),
                        PaymentStore.time(settledBefore))),
            ANSWER_MAX);
    List<Loaded> loaded = new ArrayList<>(rows.size());
    rows.forEach(row -> loaded.add(new Loaded(saga(row), standing(row))));
    return loaded;
  }

  /** The payments that these keys stand for, in one query. */
  static List<Known> byKeys(SqlConnection connection, List<String> tenants, List<String> keys) {
    RowSet<Row> rows =
        Await.result(
            connection
                .preparedQuery(BY_KEY)
                .execute(
                    Tuple.from(
                        new Object[] {
                          tenants.toArray(String[]::new), keys.toArray(String[]::new)
                        })),
            ANSWER_MAX);
    List<Known> known = new ArrayList<>(rows.size());
    for (Row row : rows) {
      known.add(
          new Known(
              row.getString("tenant"),
              row.getString("saga_key"),
              bytes(row.getBuffer("request")),
              bytes(row.getBuffer("fingerprint")),
              standing(row)));
    }
    return known;
  }

  /** Sagas by their ids, in one query. */
  static Map<UUID, Loaded> bySagas(SqlConnection connection, Collection<UUID> sagaIds) {
    RowSet<Row> rows =
        Await.result(
            connection
                .preparedQuery(BY_SAGA)
                .execute(Tuple.from(new Object[] {sagaIds.toArray(UUID[]::new)})),
            ANSWER_MAX);
    Map<UUID, Loaded> loaded = new HashMap<>();
    rows.forEach(row -> loaded.put(row.getUUID("saga_id"), new Loaded(saga(row), standing(row))));
    return loaded;
  }

  /** The sagas that wait for reports of settlements, by their payments, in one query. */
  static Map<UUID, Loaded> settling(SqlConnection connection, Collection<UUID> paymentIds) {
    RowSet<Row> rows =
        Await.result(
            connection
                .preparedQuery(SETTLING)
                .execute(Tuple.from(new Object[] {paymentIds.toArray(UUID[]::new)})),
            ANSWER_MAX);
    Map<UUID, Loaded> loaded = new HashMap<>();
    rows.forEach(
        row -> loaded.put(row.getUUID("payment_id"), new Loaded(saga(row), standing(row))));
    return loaded;
  }

  /** The payments that operations are about, by the operations' keys, in one query. */
  static Map<PaymentBook.Key, Found> operations(
      SqlConnection connection, Collection<Operate> operations) {
    RowSet<Row> rows =
        Await.result(
            connection
                .preparedQuery(OPERATIONS)
                .execute(
                    Tuple.from(
                        new Object[] {
                          operations.stream().map(Operate::tenant).toArray(String[]::new),
                          operations.stream().map(o -> o.paymentId().uuid()).toArray(UUID[]::new),
                          operations.stream()
                              .map(o -> OperationRules.kindOf(o.command()).name())
                              .toArray(String[]::new),
                          operations.stream()
                              .map(o -> OperationRules.keyOf(o.command()))
                              .toArray(String[]::new)
                        })),
            ANSWER_MAX);
    Map<PaymentBook.Key, Found> found = new HashMap<>();
    for (Row row : rows) {
      Saga saga = saga(row);
      PaymentBook.Key key =
          PaymentBook.Key.ofOperation(
              row.getString("asked_tenant"),
              SagaKind.valueOf(row.getString("asked_kind")),
              saga.claim().paymentId(),
              row.getString("asked_key"));
      found
          .computeIfAbsent(
              key, none -> new Found(saga.claim().shard(), standing(row), new ArrayList<>()))
          .sagas()
          .add(saga);
    }
    return found;
  }

  // ---- rows

  /** A saga from a row with {@link #SAGA_COLUMNS}. */
  static Saga saga(Row row) {
    String key = row.getString("saga_key");
    OffsetDateTime expires = row.getOffsetDateTime("key_expires_at");
    OffsetDateTime next = row.getOffsetDateTime("next_attempt_at");
    String traceparent = row.getString("traceparent");
    Claim claim =
        new Claim(
            row.getUUID("saga_id"),
            SagaKind.valueOf(row.getString("kind")),
            row.getInteger("definition_version"),
            row.getString("tenant"),
            row.getInteger("shard"),
            new PaymentId(row.getUUID("payment_id")),
            key == null ? "" : key,
            expires == null ? Instant.MAX : expires.toInstant(),
            bytes(row.getBuffer("request")),
            bytes(row.getBuffer("fingerprint")),
            traceparent == null ? "" : traceparent,
            row.getOffsetDateTime("saga_create_time").toInstant());
    try {
      return new Saga(
          claim,
          Step.valueOf(row.getString("step")),
          Phase.valueOf(row.getString("phase")),
          row.getInteger("attempt"),
          next == null ? null : next.toInstant(),
          row.getLong("saga_version"),
          SagaData.parseFrom(row.getBuffer("data").getBytes()));
    } catch (InvalidProtocolBufferException broken) {
      throw new IllegalStateException("saga " + claim.sagaText() + " cannot be read", broken);
    }
  }

  /** A payment from a row with {@link #PAYMENT_COLUMNS}. */
  static Standing standing(Row row) {
    String currency = row.getString("currency");
    long authorized = row.getLong("amount_authorized");
    long captured = row.getLong("amount_captured");
    long pendingCapture = row.getLong("pending_capture");
    Closing closing = Closing.valueOf(row.getString("closing"));
    Payment.Builder payment =
        Payment.newBuilder()
            .setPaymentId(new PaymentId(row.getUUID("payment_id")).text())
            .setState(PaymentState.valueOf(PaymentStore.STATE_PREFIX + row.getString("state")))
            .setAmount(money(currency, row.getLong("amount")))
            .setAmountAuthorized(money(currency, authorized))
            .setAmountCaptured(money(currency, captured))
            .setAmountRefunded(money(currency, row.getLong("amount_refunded")))
            .setAmountCapturable(
                money(currency, Standing.capturable(authorized, captured, pendingCapture, closing)))
            .setPaymentMethod(row.getString("payment_method"))
            .setMerchantAccount(row.getString("merchant_account"))
            .setConnector(row.getString("connector"))
            .setCaptureMode(
                CaptureMode.valueOf(PaymentStore.MODE_PREFIX + row.getString("capture_mode")))
            .setReference(row.getString("reference"))
            .setDescription(row.getString("description"))
            .setVersion(row.getLong("version"))
            .setCreateTime(Times.toProto(row.getOffsetDateTime("create_time").toInstant()))
            .setUpdateTime(Times.toProto(row.getOffsetDateTime("update_time").toInstant()));
    ((JsonObject) row.getJson("metadata"))
        .forEach(entry -> payment.putMetadata(entry.getKey(), String.valueOf(entry.getValue())));
    String key = row.getString("idempotency_key");
    if (key != null) {
      payment.setIdempotencyKey(key);
    }
    String failure = row.getString("failure_code");
    if (failure != null) {
      payment.setFailure(
          Failure.newBuilder()
              .setCode(failure)
              .setMessage(row.getString("failure_message"))
              .setStep(row.getString("failure_step")));
    }
    String action = row.getString("next_action_type");
    if (action != null) {
      payment.setNextAction(
          NextAction.newBuilder()
              .setType(NextActionType.valueOf(PaymentStore.ACTION_PREFIX + action))
              .setUrl(row.getString("next_action_url")));
    }
    OffsetDateTime expires = row.getOffsetDateTime("authorization_expire_time");
    if (expires != null) {
      payment.setAuthorizationExpireTime(Times.toProto(expires.toInstant()));
    }
    return new Standing(
        payment.build(),
        pendingCapture,
        row.getLong("pending_refund"),
        closing,
        row.getLong("settlement_reported"),
        row.getBoolean("resting"));
  }

  private static Money money(String currency, long minorUnits) {
    return Money.newBuilder().setCurrencyCode(currency).setMinorUnits(minorUnits).build();
  }

  static ByteString bytes(Buffer buffer) {
    return ByteString.copyFrom(buffer.getBytes());
  }
}
