package dev.ducat.bench.yardstick;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.sql.SqlStatement;
import dev.ducat.saga.PaymentStore;
import io.vertx.core.buffer.Buffer;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the payment lanes write for one settled payment, commit by commit. The statements are those
 * of {@link PaymentStore}; states, events and the lengths of what is encoded are those that a
 * statement log of a node shows for a payment by {@code sim_ok} with automatic capture.
 */
final class PaymentLife {
  static final long AMOUNT = 1_250;

  /** Events of a payment, its transfers not counted. */
  static final int EVENTS = 5;

  private static final Random BYTES = new Random(1);
  private static final Buffer REQUEST = bytes(35);
  private static final Buffer FINGERPRINT = bytes(32);

  /** A payment of the ceiling; it happens to be good. */
  record Paid(
      UUID id,
      String text,
      String key,
      String tenant,
      int merchant,
      int shard,
      UUID hold,
      UUID post,
      UUID settle) {

    static Paid create(String tenant, int merchant, int shard) {
      UUID id = UuidCreator.getTimeOrderedEpoch();
      return new Paid(
          id,
          IdKind.PAYMENT.text(id),
          "key-" + id,
          tenant,
          merchant,
          shard,
          Ids.derive(id, "hold"),
          Ids.derive(id, "post"),
          Ids.derive(id, "settle"));
    }
  }

  /** An event, by its type and the length of its payload. */
  record Event(String type, Buffer payload) {}

  /**
   * What one commit leaves behind.
   *
   * @param sagaVersion after it; one more with each commit
   * @param version of the payment after it; one more with each event
   */
  record Stage(
      String state,
      long authorized,
      long captured,
      long pendingCapture,
      String step,
      String phase,
      String sagaState,
      boolean over,
      Buffer data,
      long sagaVersion,
      long version,
      List<Event> events) {}

  static final Stage CREATED =
      new Stage(
          "PENDING",
          0,
          0,
          0,
          "AUTHORIZE",
          "ACT",
          "RUNNING",
          false,
          bytes(610),
          1,
          1,
          List.of(event("created", 315)));

  static final Stage AUTHORIZED =
      new Stage(
          "AUTHORIZED",
          AMOUNT,
          0,
          AMOUNT,
          "CAPTURE",
          "ACT",
          "RUNNING",
          false,
          bytes(919),
          2,
          2,
          List.of(event("authorized", 378)));

  static final Stage SETTLED =
      new Stage(
          "SETTLED",
          AMOUNT,
          AMOUNT,
          0,
          "NOTIFY",
          "ENDED",
          "DONE",
          true,
          bytes(192),
          3,
          5,
          List.of(event("captured", 378), event("settled", 361), event("completed", 332)));

  /** A row of payment or saga as a commit leaves it. */
  private record Row(Paid paid, Stage stage, OffsetDateTime time) {}

  private static final Unnested<Row> INSERT_PAYMENTS =
      new Unnested<>(PaymentStore.INSERT_PAYMENTS, payment());
  private static final Unnested<Row> INSERT_SAGAS =
      new Unnested<>(PaymentStore.INSERT_SAGAS, saga());
  private static final Unnested<Row> UPDATE_PAYMENTS =
      new Unnested<>(PaymentStore.UPDATE_PAYMENTS, payment());
  private static final Unnested<Row> UPDATE_SAGAS =
      new Unnested<>(PaymentStore.UPDATE_SAGAS, saga());

  private PaymentLife() {}

  /** The lanes' statements of one commit, fence and events not among them. */
  static List<SqlStatement> statements(List<Paid> batch, Stage stage, OffsetDateTime now) {
    List<Row> rows = batch.stream().map(paid -> new Row(paid, stage, now)).toList();
    return stage.version == 1
        ? List.of(INSERT_PAYMENTS.of(rows), INSERT_SAGAS.of(rows))
        : List.of(UPDATE_SAGAS.of(rows), UPDATE_PAYMENTS.of(rows));
  }

  /** Bytes of a length, as random as encoded messages look to a log that is not compressed. */
  static Buffer bytes(int length) {
    byte[] bytes = new byte[length];
    BYTES.nextBytes(bytes);
    return Buffer.buffer(bytes);
  }

  private static Event event(String what, int length) {
    return new Event("dev.ducat.payment." + what + ".v1", bytes(length));
  }

  private static Map<String, Function<Row, @Nullable Object>> payment() {
    Map<String, Function<Row, @Nullable Object>> of = common();
    of.put("state", row -> row.stage.state);
    of.put("resting", row -> row.stage.over);
    of.put("currency", row -> "EUR");
    of.put("amount", row -> AMOUNT);
    of.put("amount_authorized", row -> row.stage.authorized);
    of.put("amount_captured", row -> row.stage.captured);
    of.put("amount_refunded", row -> 0L);
    of.put("pending_capture", row -> row.stage.pendingCapture);
    of.put("pending_refund", row -> 0L);
    of.put("closing", row -> "NONE");
    of.put("payment_method", row -> "sim_ok");
    of.put("merchant_account", row -> "merchant-" + row.paid.merchant);
    of.put("connector", row -> "simulator");
    of.put("capture_mode", row -> "AUTOMATIC");
    of.put("reference", row -> "order-1");
    of.put("description", row -> "");
    of.put("metadata", row -> "{}");
    of.put("failure_code", row -> null);
    of.put("failure_message", row -> null);
    of.put("failure_step", row -> null);
    of.put("next_action_type", row -> null);
    of.put("next_action_url", row -> null);
    of.put("authorization_expire_time", row -> null);
    of.put("version", row -> row.stage.version);
    of.put("version_before", row -> row.stage.version - row.stage.events.size());
    return of;
  }

  private static Map<String, Function<Row, @Nullable Object>> saga() {
    Map<String, Function<Row, @Nullable Object>> of = common();
    // A payment's own saga has its id.
    of.put("saga_id", row -> row.paid.id);
    of.put("kind", row -> "PAYMENT");
    of.put("definition_version", row -> 1);
    of.put("method", row -> "CreatePayment");
    of.put("key_expires_at", row -> row.time.plusDays(3));
    of.put("request", row -> REQUEST);
    of.put("fingerprint", row -> FINGERPRINT);
    of.put("traceparent", row -> null);
    of.put("step", row -> row.stage.step);
    of.put("phase", row -> row.stage.phase);
    of.put("state", row -> row.stage.sagaState);
    of.put("finished", row -> row.stage.over);
    of.put("attempt", row -> 1);
    of.put("next_attempt_at", row -> null);
    of.put("version", row -> row.stage.sagaVersion);
    of.put("version_before", row -> row.stage.sagaVersion - 1);
    of.put("data", row -> row.stage.data);
    of.put("outcome", row -> row.stage.over ? "DONE" : null);
    return of;
  }

  private static Map<String, Function<Row, @Nullable Object>> common() {
    Map<String, Function<Row, @Nullable Object>> of = new HashMap<>();
    of.put("payment_id", row -> row.paid.id);
    of.put("tenant", row -> row.paid.tenant);
    of.put("shard", row -> row.paid.shard);
    of.put("idempotency_key", row -> row.paid.key);
    of.put("create_time", row -> row.time);
    of.put("update_time", row -> row.time);
    return of;
  }
}
