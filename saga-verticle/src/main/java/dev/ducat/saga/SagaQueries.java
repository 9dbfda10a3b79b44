package dev.ducat.saga;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.Leases;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.operations.v1.ListSagasRequest;
import dev.ducat.proto.operations.v1.ListSagasResponse;
import dev.ducat.saga.PaymentQueryStore.Position;
import dev.ducat.saga.SagaQueryStore.Dated;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Answers what {@code payment.query} is asked about sagas, for operators: of every tenant where
 * none is named.
 */
final class SagaQueries {
  private final SagaQueryStore store;
  private final TimelineStore timelines;
  private final Clock clock;
  private final Leases leases;

  SagaQueries(Node node) {
    this.store = new SagaQueryStore(node);
    this.timelines = new TimelineStore(node);
    this.clock = node.clock();
    this.leases = node.leases();
  }

  Future<PaymentQueryReply> get(String tenant, String text) {
    Optional<UUID> id = IdKind.SAGA.parse(text);
    return id.isEmpty()
        ? Future.succeededFuture(notFound())
        : store
            .byId(tenant, id.get())
            .compose(
                found -> found.isEmpty() ? Future.succeededFuture(notFound()) : whole(found.get()));
  }

  private Future<PaymentQueryReply> whole(Dated found) {
    Claim claim = found.loaded().saga().claim();
    Future<List<TimelineStore.Tried>> attempts =
        timelines.attempts(claim.tenant(), claim.paymentId().uuid());
    Future<Optional<Leases.Owner>> owner = leases.ownerOf(UnitKind.PAYMENT_SHARD, claim.shard());
    return Future.all(attempts, owner)
        .map(
            read -> {
              List<TimelineStore.Tried> tries = attempts.result();
              dev.ducat.proto.operations.v1.Saga.Builder saga =
                  view(found).toBuilder().setPayment(found.loaded().standing().payment());
              tries.stream()
                  .filter(tried -> tried.sagaId().equals(claim.sagaId()))
                  .forEach(tried -> saga.addAttempts(Timeline.tried(tried)));
              owner
                  .result()
                  .ifPresent(node -> saga.setNodeId(node.nodeId()).setEpoch(node.epoch()));
              return PaymentQueryReply.newBuilder().setSaga(saga).build();
            });
  }

  Future<PaymentQueryReply> list(String tenant, ListSagasRequest request) {
    if (request.getPageSize() < 0) {
      return PaymentQueries.refused("page_size", "must not be negative");
    }
    @Nullable Position after = null;
    if (!request.getPageToken().isEmpty()) {
      Optional<Position> read =
          PageToken.parse(request.getPageToken(), tenant, request.getFilter());
      if (read.isEmpty()) {
        return PaymentQueries.refused("page_token", "not a token of this list");
      }
      after = read.get();
    }
    int size =
        request.getPageSize() == 0
            ? PaymentQueries.PAGE_DEFAULT
            : Math.min(request.getPageSize(), PaymentQueries.PAGE_MAX);
    return store
        .list(tenant, request.getFilter(), after, clock.now(), size + 1)
        .map(found -> page(tenant, request, found, size));
  }

  private PaymentQueryReply page(
      String tenant, ListSagasRequest request, List<Dated> found, int size) {
    ListSagasResponse.Builder page = ListSagasResponse.newBuilder();
    found.stream().limit(size).map(this::view).forEach(page::addSagas);
    if (found.size() > size) {
      Dated last = found.get(size - 1);
      Position position = new Position(last.changed(), last.loaded().saga().claim().sagaId());
      page.setNextPageToken(PageToken.of(tenant, request.getFilter(), position));
    }
    return PaymentQueryReply.newBuilder().setSagas(page).build();
  }

  private dev.ducat.proto.operations.v1.Saga view(Dated found) {
    return SagaView.of(
        found.loaded().saga(), found.loaded().standing(), found.changed(), clock.now());
  }

  private static PaymentQueryReply notFound() {
    return PaymentQueryReply.newBuilder().setRefusal(Answer.sagaNotFound()).build();
  }
}
