package dev.ducat.saga;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.node.Node;
import dev.ducat.proto.internal.v1.SagaData;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What is read to tell what happened to one payment. */
final class TimelineStore {
  private static final String SAGAS =
      "select saga_id, kind, step, phase, attempt, next_attempt_at, create_time, update_time, data from payment.saga"
          + " where saga_id = $1::uuid and tenant = $2::text union all"
          + " select saga_id, kind, step, phase, attempt, next_attempt_at, create_time, update_time, data from payment.saga"
          + " where payment_id = $1::uuid and kind <> 'PAYMENT' and tenant = $2::text";

  private static final String ATTEMPTS =
      "select saga_id, step, phase, number, outcome, error, connector_reference, start_time, duration_ms"
          + " from payment.attempt where payment_id = $1::uuid and tenant = $2::text order by attempt_id limit 1000";

  private final Pool pool;

  TimelineStore(Node node) {
    this.pool = node.queries();
  }

  /** A saga as its last commit left it. */
  record Told(
      UUID sagaId,
      SagaKind kind,
      Step step,
      Phase phase,
      int attempt,
      @Nullable Instant nextAttemptAt,
      Instant createTime,
      Instant updateTime,
      SagaData data) {}

  /** A try that did not simply succeed. */
  record Tried(
      UUID sagaId,
      Step step,
      Phase phase,
      int number,
      Signal signal,
      String error,
      String connectorReference,
      Instant start,
      Duration took) {}

  Future<List<Told>> sagas(String tenant, UUID paymentId) {
    return pool.preparedQuery(SAGAS)
        .execute(Tuple.of(paymentId, tenant))
        .map(
            rows -> {
              List<Told> sagas = new ArrayList<>(rows.size());
              rows.forEach(row -> sagas.add(saga(row)));
              return sagas;
            });
  }

  Future<List<Tried>> attempts(String tenant, UUID paymentId) {
    return pool.preparedQuery(ATTEMPTS)
        .execute(Tuple.of(paymentId, tenant))
        .map(
            rows -> {
              List<Tried> attempts = new ArrayList<>(rows.size());
              rows.forEach(row -> attempts.add(attempt(row)));
              return attempts;
            });
  }

  private static Told saga(Row row) {
    OffsetDateTime next = row.getOffsetDateTime("next_attempt_at");
    try {
      return new Told(
          row.getUUID("saga_id"),
          SagaKind.valueOf(row.getString("kind")),
          Step.valueOf(row.getString("step")),
          Phase.valueOf(row.getString("phase")),
          row.getInteger("attempt"),
          next == null ? null : next.toInstant(),
          row.getOffsetDateTime("create_time").toInstant(),
          row.getOffsetDateTime("update_time").toInstant(),
          SagaData.parseFrom(row.getBuffer("data").getBytes()));
    } catch (InvalidProtocolBufferException broken) {
      throw new IllegalStateException("a saga cannot be read: " + row.getUUID("saga_id"), broken);
    }
  }

  private static Tried attempt(Row row) {
    return new Tried(
        row.getUUID("saga_id"),
        Step.valueOf(row.getString("step")),
        Phase.valueOf(row.getString("phase")),
        row.getInteger("number"),
        Signal.valueOf(row.getString("outcome")),
        row.getString("error"),
        row.getString("connector_reference"),
        row.getOffsetDateTime("start_time").toInstant(),
        Duration.ofMillis(row.getLong("duration_ms")));
  }
}
