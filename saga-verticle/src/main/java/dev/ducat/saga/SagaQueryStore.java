package dev.ducat.saga;

import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.node.Node;
import dev.ducat.proto.operations.v1.SagaFilter;
import dev.ducat.proto.operations.v1.SagaState;
import dev.ducat.saga.PaymentLoadStore.Loaded;
import dev.ducat.saga.PaymentQueryStore.Position;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads of sagas for operators, beside the lanes; an empty tenant means every tenant. */
final class SagaQueryStore {
  private static final String SAGAS =
      "select s.update_time as saga_update_time, "
          + PaymentLoadStore.SAGA_COLUMNS
          + ", "
          + PaymentLoadStore.PAYMENT_COLUMNS
          + " from payment.saga s join payment.payment p on p.payment_id = s.payment_id where ";

  private final Pool pool;

  SagaQueryStore(Node node) {
    this.pool = node.queries();
  }

  /** A saga with its payment, and when it changed last. */
  record Dated(Loaded loaded, Instant changed) {}

  Future<Optional<Dated>> byId(String tenant, UUID sagaId) {
    return pool.preparedQuery(
            SAGAS + "s.saga_id = $1::uuid and ($2::text = '' or s.tenant = $2::text)")
        .execute(Tuple.of(sagaId, tenant))
        .map(
            rows -> {
              for (Row row : rows) {
                return Optional.of(dated(row));
              }
              return Optional.empty();
            });
  }

  /** Sagas that meet a filter, the longest unchanged first. */
  Future<List<Dated>> list(
      String tenant, SagaFilter filter, @Nullable Position after, Instant now, int limit) {
    StringBuilder sql = new StringBuilder(SAGAS).append("true");
    Tuple parameters = Tuple.tuple();
    if (filter.getStatesCount() > 0) {
      parameters.addArrayOfString(
          filter.getStatesList().stream().map(SagaView::text).toArray(String[]::new));
      sql.append(" and s.state = any($").append(parameters.size()).append("::text[])");
    }
    boolean over =
        filter.getStatesCount() == 0
            || filter.getStatesList().contains(SagaState.SAGA_STATE_DONE)
            || filter.getStatesList().contains(SagaState.SAGA_STATE_COMPENSATED);
    if (filter.hasStuckLongerThan()) {
      Duration stuck =
          Duration.ofSeconds(
              filter.getStuckLongerThan().getSeconds(), filter.getStuckLongerThan().getNanos());
      parameters.addValue(PaymentStore.time(now.minus(stuck)));
      sql.append(" and s.update_time <= $").append(parameters.size());
      sql.append("::timestamptz and s.phase <> 'OPEN'");
    }
    if (!over || filter.hasStuckLongerThan()) {
      // What the partial index of the unfinished needs to see.
      sql.append(" and not s.finished");
    }
    for (String named : List.of(tenant, filter.getTenant())) {
      if (named.isEmpty()) {
        continue;
      }
      parameters.addString(named);
      sql.append(" and s.tenant = $").append(parameters.size()).append("::text");
    }
    if (!filter.getPaymentId().isEmpty()) {
      parameters.addUUID(
          PaymentId.parse(filter.getPaymentId()).map(PaymentId::uuid).orElse(new UUID(0, 0)));
      String id = "$" + parameters.size() + "::uuid";
      sql.append(" and (s.saga_id = ").append(id);
      sql.append(" or (s.payment_id = ").append(id).append(" and s.kind <> 'PAYMENT'))");
    }
    if (after != null) {
      parameters.addValue(PaymentStore.time(after.createTime()));
      sql.append(" and (s.update_time, s.saga_id) > ($").append(parameters.size());
      parameters.addUUID(after.paymentId());
      sql.append("::timestamptz, $").append(parameters.size()).append("::uuid)");
    }
    parameters.addInteger(limit);
    sql.append(" order by s.update_time, s.saga_id limit $");
    sql.append(parameters.size()).append("::int");
    return pool.preparedQuery(sql.toString())
        .execute(parameters)
        .map(
            rows -> {
              List<Dated> page = new ArrayList<>(rows.size());
              rows.forEach(row -> page.add(dated(row)));
              return page;
            });
  }

  private static Dated dated(Row row) {
    return new Dated(
        new Loaded(PaymentLoadStore.saga(row), PaymentLoadStore.standing(row)),
        row.getOffsetDateTime("saga_update_time").toInstant());
  }
}
