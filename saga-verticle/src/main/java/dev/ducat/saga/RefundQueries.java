package dev.ducat.saga;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.node.Node;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.payments.v1.ListRefundsRequest;
import dev.ducat.proto.payments.v1.ListRefundsResponse;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.saga.PaymentQueryStore.Position;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Answers what {@code payment.query} is asked about refunds. */
final class RefundQueries {
  private final RefundQueryStore store;
  private final PaymentQueryStore payments;
  private final Nudges nudges;

  RefundQueries(Node node, PaymentQueryStore payments, Nudges nudges) {
    this.store = new RefundQueryStore(node);
    this.payments = payments;
    this.nudges = nudges;
  }

  Future<PaymentQueryReply> get(String tenant, String text) {
    Optional<UUID> id = IdKind.REFUND.parse(text);
    if (id.isEmpty()) {
      return Future.succeededFuture(notFound());
    }
    return store
        .byId(tenant, id.get())
        .onSuccess(found -> found.ifPresent(refund -> nudges.read(tenant, refund)))
        .map(
            found ->
                found
                    .map(refund -> PaymentQueryReply.newBuilder().setRefund(refund).build())
                    .orElseGet(RefundQueries::notFound));
  }

  /** A payment's refunds, oldest first; of very many, the newest. */
  Future<List<Refund>> all(String tenant, UUID paymentId) {
    return store.page(tenant, paymentId, null, PaymentQueries.PAGE_MAX).map(List::reversed);
  }

  Future<PaymentQueryReply> list(String tenant, ListRefundsRequest request) {
    Optional<PaymentId> id = PaymentId.parse(request.getPaymentId());
    if (id.isEmpty()) {
      return Future.succeededFuture(PaymentQueries.notFound());
    }
    if (request.getPageSize() < 0) {
      return PaymentQueries.refused("page_size", "must not be negative");
    }
    @Nullable Position after = null;
    if (!request.getPageToken().isEmpty()) {
      Optional<Position> read = PageToken.parse(request.getPageToken(), tenant, list(request));
      if (read.isEmpty()) {
        return PaymentQueries.refused("page_token", "not a token of this list");
      }
      after = read.get();
    }
    Position from = after;
    int size =
        request.getPageSize() == 0
            ? PaymentQueries.PAGE_DEFAULT
            : Math.min(request.getPageSize(), PaymentQueries.PAGE_MAX);
    UUID paymentId = id.get().uuid();
    return payments
        .byId(tenant, paymentId)
        .compose(
            found ->
                found.isEmpty()
                    ? Future.succeededFuture(PaymentQueries.notFound())
                    : store
                        .page(tenant, paymentId, from, size + 1)
                        .map(refunds -> page(tenant, request, refunds, size)));
  }

  private static PaymentQueryReply page(
      String tenant, ListRefundsRequest request, List<Refund> found, int size) {
    ListRefundsResponse.Builder page = ListRefundsResponse.newBuilder();
    found.stream().limit(size).forEach(page::addRefunds);
    if (found.size() > size) {
      Refund last = found.get(size - 1);
      Position position =
          new Position(
              Times.fromProto(last.getCreateTime()),
              IdKind.REFUND.parse(last.getRefundId()).orElseThrow());
      page.setNextPageToken(PageToken.of(tenant, list(request), position));
    }
    return PaymentQueryReply.newBuilder().setRefunds(page).build();
  }

  /** What all pages of one list have in common. */
  private static ListRefundsRequest list(ListRefundsRequest request) {
    return ListRefundsRequest.newBuilder().setPaymentId(request.getPaymentId()).build();
  }

  private static PaymentQueryReply notFound() {
    return PaymentQueryReply.newBuilder()
        .setRefusal(
            Refusal.newBuilder()
                .setReason(RefusalReason.REFUSAL_REASON_REFUND_NOT_FOUND)
                .setMessage("no such refund"))
        .build();
  }
}
