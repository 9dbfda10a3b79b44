package dev.ducat.gateway;

import com.google.protobuf.Timestamp;
import dev.ducat.kernel.bus.Registration;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.internal.v1.AskShard;
import dev.ducat.proto.internal.v1.PaymentEvents;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.Replay;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.ListPaymentsResponse;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentCompleted;
import dev.ducat.proto.payments.v1.PaymentCreated;
import dev.ducat.proto.payments.v1.PaymentEventDetail;
import dev.ducat.proto.payments.v1.PaymentSettled;
import dev.ducat.proto.payments.v1.PaymentState;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for the saga: keeps payments in memory, settles them at once, and remembers what it was
 * asked. A test may put another answer in its place.
 */
final class PaymentsDouble {
  /** Everything that reached a shard, in order. */
  final List<ShardRequest> asked = new CopyOnWriteArrayList<>();

  /** Everything that reached the reader, in order. */
  final List<PaymentQueryRequest> queried = new CopyOnWriteArrayList<>();

  /** What a shard answers. */
  volatile Function<ShardRequest, Future<ShardReply>> shard = this::settle;

  /** What the reader says about a key of an operation that Redis calls done. */
  volatile Function<Replay, PaymentQueryReply> operation =
      replay -> PaymentQueryReply.newBuilder().setAskShard(AskShard.getDefaultInstance()).build();

  /** What the reader says about sagas. */
  volatile Function<PaymentQueryRequest, PaymentQueryReply> sagas =
      query ->
          PaymentQueryReply.newBuilder()
              .setRefusal(refusal(RefusalReason.REFUSAL_REASON_SAGA_NOT_FOUND, "no such saga", ""))
              .build();

  private final Node node;
  private final int shards;
  private final Map<String, Payment> byKey = new ConcurrentHashMap<>();
  private final Map<String, List<PaymentEvent>> events = new ConcurrentHashMap<>();
  private final Map<String, ShardRequest> requests = new ConcurrentHashMap<>();
  private final List<Registration> shardAddresses = new ArrayList<>();

  private PaymentsDouble(Node node) {
    this.node = node;
    this.shards = node.leases().settings().shards();
  }

  static PaymentsDouble serve(Node node) {
    PaymentsDouble payments = new PaymentsDouble(node);
    payments.serveShards();
    TestNode.await(
        node.bus()
            .serve(
                ShardClient.PAYMENT_QUERY,
                PaymentQueryRequest.getDefaultInstance(),
                payments::query));
    return payments;
  }

  /** Serves every shard. */
  void serveShards() {
    List<Future<Registration>> all = new ArrayList<>();
    for (int shard = 0; shard < shards; shard++) {
      all.add(
          node.bus()
              .serve(
                  UnitKind.PAYMENT_SHARD.address(shard),
                  ShardRequest.getDefaultInstance(),
                  this::ask));
    }
    all.forEach(each -> shardAddresses.add(TestNode.await(each)));
  }

  /** Serves no shard any more, as while the units move to another node. */
  void leaveShards() {
    shardAddresses.forEach(each -> TestNode.await(each.close()));
    shardAddresses.clear();
  }

  private Future<ShardReply> ask(ShardRequest request) {
    asked.add(request);
    return shard.apply(request);
  }

  /** The ordinary answer: a payment per key, settled when the caller waits, else pending. */
  Future<ShardReply> settle(ShardRequest request) {
    CreatePaymentRequest create = request.getCreate().getRequest();
    String key = request.getTenant() + "/" + create.getIdempotencyKey();
    ShardRequest earlier = requests.putIfAbsent(key, request);
    if (earlier != null
        && !earlier.getCreate().getFingerprint().equals(request.getCreate().getFingerprint())) {
      return Future.succeededFuture(
          ShardReply.newBuilder()
              .setRefusal(
                  refusal(
                      RefusalReason.REFUSAL_REASON_IDEMPOTENCY_KEY_REUSED,
                      "the key was used with another amount.minor_units",
                      "amount.minor_units"))
              .build());
    }
    Payment payment = byKey.computeIfAbsent(key, absent -> pending(request));
    boolean rests = request.getWaitMs() > 0;
    if (rests && payment.getState() == PaymentState.PAYMENT_STATE_PENDING) {
      payment = complete(payment);
      byKey.put(key, payment);
    }
    return Future.succeededFuture(
        ShardReply.newBuilder()
            .setPayment(payment)
            .setReplayed(earlier != null)
            .setAtRest(payment.getState() == PaymentState.PAYMENT_STATE_SETTLED)
            .setFingerprint(request.getCreate().getFingerprint())
            .build());
  }

  /** A payment of a tenant, pending at version 1, that was never asked for. */
  Payment plant(String tenant, String key) {
    CreatePaymentRequest create = Requests.create(key).build();
    ShardRequest request =
        ShardRequest.newBuilder()
            .setTenant(tenant)
            .setCreate(
                dev.ducat.proto.internal.v1.CreatePaymentCommand.newBuilder()
                    .setRequest(create)
                    .setFingerprint(Canonical.of(create).fingerprint()))
            .build();
    requests.put(tenant + "/" + key, request);
    Payment payment = pending(request);
    byKey.put(tenant + "/" + key, payment);
    return payment;
  }

  /** Settles and completes a planted payment: versions 2 and 3. */
  void finish(String tenant, String key) {
    byKey.compute(tenant + "/" + key, (k, payment) -> complete(payment));
  }

  private Payment pending(ShardRequest request) {
    CreatePaymentRequest create = request.getCreate().getRequest();
    int shard = UnitKind.hash(shards, request.getTenant(), create.getIdempotencyKey());
    PaymentId id = node.ids().nextPayment(shard);
    long now = node.clock().now().getEpochSecond();
    Payment payment =
        Payment.newBuilder()
            .setPaymentId(id.text())
            .setState(PaymentState.PAYMENT_STATE_PENDING)
            .setAmount(create.getAmount())
            .setPaymentMethod(create.getPaymentMethod())
            .setMerchantAccount(create.getMerchantAccount())
            .setConnector("simulator")
            .setCaptureMode(CaptureMode.CAPTURE_MODE_AUTOMATIC)
            .putAllMetadata(create.getMetadataMap())
            .setIdempotencyKey(create.getIdempotencyKey())
            .setVersion(1)
            .setCreateTime(Timestamp.newBuilder().setSeconds(now))
            .setUpdateTime(Timestamp.newBuilder().setSeconds(now))
            .build();
    note(payment, PaymentEventDetail.newBuilder().setCreated(PaymentCreated.newBuilder()));
    return payment;
  }

  private List<PaymentEvent> eventsOf(Payment payment) {
    return events.computeIfAbsent(payment.getPaymentId(), id -> new CopyOnWriteArrayList<>());
  }

  private Payment complete(Payment payment) {
    Payment settled =
        payment.toBuilder().setState(PaymentState.PAYMENT_STATE_SETTLED).setVersion(2).build();
    note(settled, PaymentEventDetail.newBuilder().setSettled(PaymentSettled.newBuilder()));
    Payment completed = settled.toBuilder().setVersion(3).build();
    note(completed, PaymentEventDetail.newBuilder().setCompleted(PaymentCompleted.newBuilder()));
    return completed;
  }

  private void note(Payment payment, PaymentEventDetail.Builder detail) {
    eventsOf(payment)
        .add(
            PaymentEvent.newBuilder()
                .setEventId("evt_" + payment.getVersion())
                .setType(
                    "dev.ducat.payment."
                        + detail.getDetailCase().name().toLowerCase(Locale.ROOT)
                        + ".v1")
                .setPaymentId(payment.getPaymentId())
                .setVersion(payment.getVersion())
                .setPayment(payment)
                .setDetail(detail)
                .build());
  }

  private Future<PaymentQueryReply> query(PaymentQueryRequest query) {
    queried.add(query);
    PaymentQueryReply.Builder reply = PaymentQueryReply.newBuilder();
    switch (query.getQueryCase()) {
      case PAYMENT_ID -> found(reply, byId(query.getTenant(), query.getPaymentId()));
      case IDEMPOTENCY_KEY ->
          found(reply, byKey.get(query.getTenant() + "/" + query.getIdempotencyKey()));
      case LIST ->
          reply.setList(
              ListPaymentsResponse.newBuilder()
                  .addAllPayments(
                      byKey.entrySet().stream()
                          .filter(each -> each.getKey().startsWith(query.getTenant() + "/"))
                          .map(Map.Entry::getValue)
                          .limit(query.getList().getPageSize())
                          .toList()));
      case EVENTS -> events(reply, query);
      case REPLAY -> replay(reply, query);
      case VALIDATE ->
          reply.setPayment(
              Payment.newBuilder()
                  .setAmount(query.getValidate().getAmount())
                  .putAllMetadata(query.getValidate().getMetadataMap()));
      case REFUND_ID, LIST_REFUNDS, EXPLAIN_PAYMENT_ID ->
          reply.setRefusal(
              refusal(RefusalReason.REFUSAL_REASON_REFUND_NOT_FOUND, "no such refund", ""));
      case SAGA_ID, LIST_SAGAS -> reply.mergeFrom(sagas.apply(query));
      case QUERY_NOT_SET -> throw new IllegalArgumentException("no query");
    }
    return Future.succeededFuture(reply.build());
  }

  private void events(PaymentQueryReply.Builder reply, PaymentQueryRequest query) {
    Payment payment = byId(query.getTenant(), query.getEvents().getPaymentId());
    if (payment == null) {
      found(reply, null);
      return;
    }
    reply.setAtRest(payment.getState() == PaymentState.PAYMENT_STATE_SETTLED);
    reply.setEvents(
        PaymentEvents.newBuilder()
            .setPayment(payment)
            .addAllEvents(
                eventsOf(payment).stream()
                    .filter(each -> each.getVersion() > query.getEvents().getAfterVersion())
                    .limit(query.getEvents().getLimit())
                    .toList()));
  }

  private void replay(PaymentQueryReply.Builder reply, PaymentQueryRequest query) {
    if (!query.getReplay().getMethod().isEmpty()) {
      reply.mergeFrom(operation.apply(query.getReplay()));
      return;
    }
    String key = query.getTenant() + "/" + query.getReplay().getIdempotencyKey();
    Payment payment = byKey.get(key);
    ShardRequest recorded = requests.get(key);
    if (payment != null
        && recorded != null
        && payment.getPaymentId().equals(query.getReplay().getPaymentId())
        && recorded.getCreate().getFingerprint().equals(query.getReplay().getFingerprint())) {
      reply.setPayment(payment);
    } else {
      reply.setAskShard(AskShard.getDefaultInstance());
    }
  }

  private @Nullable Payment byId(String tenant, String id) {
    return byKey.entrySet().stream()
        .filter(each -> each.getKey().startsWith(tenant + "/"))
        .map(Map.Entry::getValue)
        .filter(each -> each.getPaymentId().equals(id))
        .findFirst()
        .orElse(null);
  }

  private static void found(PaymentQueryReply.Builder reply, @Nullable Payment payment) {
    if (payment == null) {
      reply.setRefusal(
          refusal(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_FOUND, "there is no such payment", ""));
    } else {
      reply.setPayment(payment);
    }
  }

  static Refusal refusal(RefusalReason reason, String message, String field) {
    return Refusal.newBuilder().setReason(reason).setMessage(message).setField(field).build();
  }
}
