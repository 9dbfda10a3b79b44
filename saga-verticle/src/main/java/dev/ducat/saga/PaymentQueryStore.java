package dev.ducat.saga;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.proto.payments.v1.PaymentFilter;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads of payments beside the lanes, from the primary, always within one tenant. */
final class PaymentQueryStore {
  private static final String ASKING =
      "select saga_id, shard from payment.saga where saga_id = $1::uuid and tenant = $2::text"
          + " and phase in ('ASK', 'AWAIT') union all"
          + " select saga_id, shard from payment.saga where payment_id = $1::uuid and kind <> 'PAYMENT'"
          + " and tenant = $2::text and phase in ('ASK', 'AWAIT')";

  private static final String BY_ID =
      "select "
          + PaymentLoadStore.PAYMENT_COLUMNS
          + " from payment.payment p"
          + " where p.payment_id = $1::uuid and p.tenant = $2::text";

  private static final String BY_KEY =
      "select s.fingerprint, s.key_expires_at, "
          + PaymentLoadStore.PAYMENT_COLUMNS
          + " from payment.saga s join payment.payment p on p.payment_id = s.payment_id"
          + " where s.tenant = $1::text and s.method = 'CreatePayment' and s.idempotency_key = $2::text";

  private static final String BY_OPERATION =
      "select "
          + PaymentLoadStore.SAGA_COLUMNS
          + ", "
          + PaymentLoadStore.PAYMENT_COLUMNS
          + " from payment.saga s join payment.payment p on p.payment_id = s.payment_id"
          + " where s.tenant = $1::text and s.method = $2::text and s.method <> 'CreatePayment'"
          + " and s.payment_id = $3::uuid and s.idempotency_key = $4::text";

  private final Pool pool;

  PaymentQueryStore(Node node) {
    this.pool = node.queries();
  }

  /** What a key stands for. */
  record Keyed(Standing standing, ByteString fingerprint, Instant expiresAt) {}

  /** Where a page begins: after this payment, in order of creation, newest first. */
  record Position(Instant createTime, UUID paymentId) {}

  Future<Optional<Standing>> byId(String tenant, UUID paymentId) {
    return pool.preparedQuery(BY_ID)
        .execute(Tuple.of(paymentId, tenant))
        .map(rows -> first(rows).map(PaymentLoadStore::standing));
  }

  Future<Optional<Keyed>> byKey(String tenant, String key) {
    return pool.preparedQuery(BY_KEY)
        .execute(Tuple.of(tenant, key))
        .map(
            rows ->
                first(rows)
                    .map(
                        row ->
                            new Keyed(
                                PaymentLoadStore.standing(row),
                                PaymentLoadStore.bytes(row.getBuffer("fingerprint")),
                                row.getOffsetDateTime("key_expires_at").toInstant())));
  }

  /** The operation on a payment that a key stands for, with the payment. */
  Future<Optional<PaymentLoadStore.Loaded>> byOperation(
      String tenant, String method, UUID paymentId, String key) {
    return pool.preparedQuery(BY_OPERATION)
        .execute(Tuple.of(tenant, method, paymentId, key))
        .map(
            rows ->
                first(rows)
                    .map(
                        row ->
                            new PaymentLoadStore.Loaded(
                                PaymentLoadStore.saga(row), PaymentLoadStore.standing(row))));
  }

  /**
   * Payments that meet a filter, newest first. One statement per combination of conditions, each
   * with its index.
   */
  Future<List<Standing>> list(
      String tenant, PaymentFilter filter, @Nullable Position after, int limit) {
    StringBuilder sql =
        new StringBuilder("select ")
            .append(PaymentLoadStore.PAYMENT_COLUMNS)
            .append(" from payment.payment p where p.tenant = $1::text");
    Tuple parameters = Tuple.of(tenant);
    if (filter.getStatesCount() > 0) {
      parameters.addArrayOfString(
          filter.getStatesList().stream().map(PaymentStore::stateText).toArray(String[]::new));
      sql.append(" and p.state = any($").append(parameters.size()).append("::text[])");
    }
    if (!filter.getReference().isEmpty()) {
      parameters.addString(filter.getReference());
      // The second condition is what the partial index needs to see.
      sql.append(" and p.reference = $").append(parameters.size());
      sql.append("::text and p.reference <> ''");
    }
    if (!filter.getMerchantAccount().isEmpty()) {
      parameters.addString(filter.getMerchantAccount());
      sql.append(" and p.merchant_account = $").append(parameters.size()).append("::text");
    }
    if (filter.hasCreatedAfter()) {
      parameters.addValue(PaymentStore.time(Times.fromProto(filter.getCreatedAfter())));
      sql.append(" and p.create_time >= $").append(parameters.size()).append("::timestamptz");
    }
    if (filter.hasCreatedBefore()) {
      parameters.addValue(PaymentStore.time(Times.fromProto(filter.getCreatedBefore())));
      sql.append(" and p.create_time < $").append(parameters.size()).append("::timestamptz");
    }
    if (after != null) {
      parameters.addValue(PaymentStore.time(after.createTime()));
      sql.append(" and (p.create_time, p.payment_id) < ($").append(parameters.size());
      parameters.addUUID(after.paymentId());
      sql.append("::timestamptz, $").append(parameters.size()).append("::uuid)");
    }
    parameters.addInteger(limit);
    sql.append(" order by p.create_time desc, p.payment_id desc limit $");
    sql.append(parameters.size()).append("::int");
    return pool.preparedQuery(sql.toString())
        .execute(parameters)
        .map(
            rows -> {
              List<Standing> page = new ArrayList<>(rows.size());
              rows.forEach(row -> page.add(PaymentLoadStore.standing(row)));
              return page;
            });
  }

  /** Events of a payment after a version, in order. */
  Future<List<StoredEvent>> events(String tenant, String paymentId, long afterVersion, int limit) {
    return OutboxStore.afterVersion(pool, tenant, Topics.PAYMENTS, paymentId, afterVersion, limit);
  }

  private static Optional<Row> first(RowSet<Row> rows) {
    return rows.size() == 0 ? Optional.empty() : Optional.of(rows.iterator().next());
  }

  /** A saga that waits for what the PSP says. */
  record Asking(UUID sagaId, int shard) {}

  /** The sagas of a payment that ask or wait. */
  Future<List<Asking>> asking(String tenant, UUID paymentId) {
    return pool.preparedQuery(ASKING)
        .execute(Tuple.of(paymentId, tenant))
        .map(
            rows -> {
              List<Asking> asking = new ArrayList<>();
              rows.forEach(
                  row -> asking.add(new Asking(row.getUUID("saga_id"), row.getInteger("shard"))));
              return asking;
            });
  }
}
