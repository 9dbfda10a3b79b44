package dev.ducat.saga;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.internal.v1.AskShard;
import dev.ducat.proto.internal.v1.EventsAfter;
import dev.ducat.proto.internal.v1.PaymentEvents;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.Replay;
import dev.ducat.proto.payments.v1.ListPaymentsRequest;
import dev.ducat.proto.payments.v1.ListPaymentsResponse;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.PaymentTimeline;
import dev.ducat.saga.PaymentQueryStore.Position;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code payment.query}: reads, served by any node beside the lanes. The id's shard plays
 * no part here: the whole id is looked up, within the tenant.
 */
final class PaymentQueries {
  static final int PAGE_DEFAULT = 50;
  static final int PAGE_MAX = 1_000;
  private static final int EVENTS_MAX = 1_000;

  private final PaymentQueryStore store;
  private final Clock clock;
  private final RefundQueries refunds;
  private final TimelineStore timelines;
  private final SagaQueries sagas;
  private final Nudges nudges;
  private final Rehearsal rehearsal;

  PaymentQueries(Node node, SagaSettings settings) {
    this.rehearsal = new Rehearsal(node, settings);
    this.store = new PaymentQueryStore(node);
    this.clock = node.clock();
    this.timelines = new TimelineStore(node);
    this.sagas = new SagaQueries(node);
    this.nudges = new Nudges(node, store);
    this.refunds = new RefundQueries(node, store, nudges);
  }

  Future<PaymentQueryReply> answer(PaymentQueryRequest request) {
    String tenant = request.getTenant();
    return switch (request.getQueryCase()) {
      case PAYMENT_ID -> get(tenant, request.getPaymentId());
      case IDEMPOTENCY_KEY -> lookup(tenant, request.getIdempotencyKey());
      case LIST -> list(tenant, request.getList());
      case EVENTS -> events(tenant, request.getEvents());
      case REPLAY -> replay(tenant, request.getReplay());
      case REFUND_ID -> refunds.get(tenant, request.getRefundId());
      case LIST_REFUNDS -> refunds.list(tenant, request.getListRefunds());
      case EXPLAIN_PAYMENT_ID -> explain(tenant, request.getExplainPaymentId());
      case SAGA_ID -> sagas.get(tenant, request.getSagaId());
      case LIST_SAGAS -> sagas.list(tenant, request.getListSagas());
      case VALIDATE -> rehearsal.of(tenant, request.getValidate());
      case QUERY_NOT_SET -> Future.failedFuture(new IllegalArgumentException("no query"));
    };
  }

  private Future<PaymentQueryReply> get(String tenant, String text) {
    Optional<PaymentId> id = PaymentId.parse(text);
    return id.isEmpty()
        ? Future.succeededFuture(notFound())
        : store
            .byId(tenant, id.get().uuid())
            .onSuccess(found -> found.ifPresent(standing -> nudges.read(tenant, standing)))
            .map(found -> found.map(PaymentQueries::payment).orElseGet(PaymentQueries::notFound));
  }

  private Future<PaymentQueryReply> lookup(String tenant, String key) {
    return store
        .byKey(tenant, key)
        .onSuccess(found -> found.ifPresent(keyed -> nudges.read(tenant, keyed.standing())))
        .map(
            found ->
                found.map(keyed -> payment(keyed.standing())).orElseGet(PaymentQueries::notFound));
  }

  private Future<PaymentQueryReply> list(String tenant, ListPaymentsRequest request) {
    if (request.getPageSize() < 0) {
      return refused("page_size", "must not be negative");
    }
    if (request.getFilter().getStatesList().stream()
        .anyMatch(
            state ->
                state == PaymentState.PAYMENT_STATE_UNSPECIFIED
                    || state == PaymentState.UNRECOGNIZED)) {
      return refused("filter.states", "not a state");
    }
    @Nullable Position after = null;
    if (!request.getPageToken().isEmpty()) {
      Optional<Position> read =
          PageToken.parse(request.getPageToken(), tenant, request.getFilter());
      if (read.isEmpty()) {
        return refused("page_token", "not a token of this list");
      }
      after = read.get();
    }
    int size =
        request.getPageSize() == 0 ? PAGE_DEFAULT : Math.min(request.getPageSize(), PAGE_MAX);
    // One more than asked for tells whether there is a next page.
    return store
        .list(tenant, request.getFilter(), after, size + 1)
        .map(found -> page(tenant, request, found, size));
  }

  private static PaymentQueryReply page(
      String tenant, ListPaymentsRequest request, List<Standing> found, int size) {
    ListPaymentsResponse.Builder page = ListPaymentsResponse.newBuilder();
    found.stream().limit(size).map(Standing::payment).forEach(page::addPayments);
    if (found.size() > size) {
      Payment last = found.get(size - 1).payment();
      Position position =
          new Position(
              Times.fromProto(last.getCreateTime()),
              PaymentId.parse(last.getPaymentId()).orElseThrow().uuid());
      page.setNextPageToken(PageToken.of(tenant, request.getFilter(), position));
    }
    return PaymentQueryReply.newBuilder().setList(page).build();
  }

  private Future<PaymentQueryReply> events(String tenant, EventsAfter query) {
    Optional<PaymentId> id = PaymentId.parse(query.getPaymentId());
    if (id.isEmpty()) {
      return Future.succeededFuture(notFound());
    }
    int limit = query.getLimit() <= 0 ? EVENTS_MAX : Math.min(query.getLimit(), EVENTS_MAX);
    // The payment first: events read afterwards reach at least as far as the payment does.
    return store
        .byId(tenant, id.get().uuid())
        .compose(
            found ->
                found.isEmpty()
                    ? Future.succeededFuture(notFound())
                    : store
                        .events(tenant, query.getPaymentId(), query.getAfterVersion(), limit)
                        .map(events -> events(found.get(), events)));
  }

  private static PaymentQueryReply events(Standing standing, List<StoredEvent> stored) {
    PaymentEvents.Builder events = PaymentEvents.newBuilder().setPayment(standing.payment());
    for (StoredEvent event : stored) {
      try {
        events.addEvents(PaymentEvent.parseFrom(event.event().payload().getBytes()));
      } catch (InvalidProtocolBufferException broken) {
        throw new IllegalStateException(
            "event " + event.event().eventId() + " cannot be read", broken);
      }
    }
    return PaymentQueryReply.newBuilder().setEvents(events).setAtRest(standing.resting()).build();
  }

  private Future<PaymentQueryReply> explain(String tenant, String text) {
    Optional<PaymentId> id = PaymentId.parse(text);
    if (id.isEmpty()) {
      return Future.succeededFuture(notFound());
    }
    UUID paymentId = id.get().uuid();
    return store
        .byId(tenant, paymentId)
        .onSuccess(found -> found.ifPresent(standing -> nudges.read(tenant, standing)))
        .compose(
            found ->
                found.isEmpty()
                    ? Future.succeededFuture(notFound())
                    : timeline(tenant, text, paymentId, found.get()));
  }

  private Future<PaymentQueryReply> timeline(
      String tenant, String text, UUID paymentId, Standing standing) {
    PaymentTimeline.Builder timeline = PaymentTimeline.newBuilder().setPayment(standing.payment());
    return refunds
        .all(tenant, paymentId)
        .compose(
            all -> {
              timeline.addAllRefunds(all);
              return Future.all(
                  timelines.sagas(tenant, paymentId),
                  timelines.attempts(tenant, paymentId),
                  store.events(tenant, text, 0, EVENTS_MAX));
            })
        .map(
            read -> {
              List<StoredEvent> stored = read.resultAt(2);
              timeline.addAllEntries(
                  Timeline.of(
                      read.resultAt(0),
                      read.resultAt(1),
                      events(standing, stored).getEvents().getEventsList()));
              return PaymentQueryReply.newBuilder().setTimeline(timeline).build();
            });
  }

  /** Redis says that the key is done. It may be wrong in every way; only the row counts. */
  private Future<PaymentQueryReply> replay(String tenant, Replay replay) {
    return replay.getMethod().isEmpty()
        ? replayOfCreation(tenant, replay)
        : replayOfOperation(tenant, replay);
  }

  private Future<PaymentQueryReply> replayOfOperation(String tenant, Replay replay) {
    Optional<PaymentId> id = PaymentId.parse(replay.getPaymentId());
    return id.isEmpty()
        ? Future.succeededFuture(askShard())
        : store
            .byOperation(tenant, replay.getMethod(), id.get().uuid(), replay.getIdempotencyKey())
            .map(
                found ->
                    found
                        .filter(loaded -> isBorneOut(loaded.saga(), replay))
                        .map(PaymentQueries::made)
                        .orElseGet(PaymentQueries::askShard));
  }

  private boolean isBorneOut(Saga saga, Replay replay) {
    boolean isRefund = saga.claim().kind() == SagaKind.REFUND;
    String made =
        isRefund ? saga.data().getRefund().getRefundId() : saga.claim().paymentId().text();
    return made.equals(replay.getResourceId())
        && saga.claim().fingerprint().equals(replay.getFingerprint())
        && clock.now().isBefore(saga.claim().keyExpiresAt())
        && !saga.moves();
  }

  /** What an operation answers, now. */
  private static PaymentQueryReply made(PaymentLoadStore.Loaded loaded) {
    return loaded.saga().claim().kind() == SagaKind.REFUND
        ? PaymentQueryReply.newBuilder()
            .setRefund(loaded.saga().data().getRefund())
            .setAtRest(true)
            .build()
        : payment(loaded.standing());
  }

  private static PaymentQueryReply askShard() {
    return PaymentQueryReply.newBuilder().setAskShard(AskShard.getDefaultInstance()).build();
  }

  private Future<PaymentQueryReply> replayOfCreation(String tenant, Replay replay) {
    return store
        .byKey(tenant, replay.getIdempotencyKey())
        .map(
            found ->
                found
                    .filter(
                        keyed ->
                            keyed.standing().payment().getPaymentId().equals(replay.getPaymentId())
                                && keyed.fingerprint().equals(replay.getFingerprint())
                                && clock.now().isBefore(keyed.expiresAt())
                                && keyed.standing().resting())
                    .map(keyed -> payment(keyed.standing()))
                    .orElseGet(PaymentQueries::askShard));
  }

  private static PaymentQueryReply payment(Standing standing) {
    return PaymentQueryReply.newBuilder()
        .setPayment(standing.payment())
        .setAtRest(standing.resting())
        .build();
  }

  static PaymentQueryReply notFound() {
    return PaymentQueryReply.newBuilder()
        .setRefusal(
            Refusal.newBuilder()
                .setReason(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_FOUND)
                .setMessage("no such payment"))
        .build();
  }

  static Future<PaymentQueryReply> refused(String field, String message) {
    return Future.succeededFuture(
        PaymentQueryReply.newBuilder()
            .setRefusal(
                Refusal.newBuilder()
                    .setReason(RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT)
                    .setField(field)
                    .setMessage(message))
            .build());
  }
}
