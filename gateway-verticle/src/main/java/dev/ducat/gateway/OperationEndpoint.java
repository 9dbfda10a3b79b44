package dev.ducat.gateway;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import dev.ducat.gateway.IdempotencyClaims.Claim;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.internal.v1.LedgerQueryRequest;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.Replay;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.ledger.v1.Transfer;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.ExplainPaymentRequest;
import dev.ducat.proto.payments.v1.GetRefundRequest;
import dev.ducat.proto.payments.v1.ListRefundsRequest;
import dev.ducat.proto.payments.v1.ListRefundsResponse;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcService;
import dev.ducat.proto.payments.v1.PaymentTimeline;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.proto.payments.v1.TimelineEntry;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * PaymentService: operations on a payment that exists, and its refunds. A key belongs to its method
 * and payment; Redis answers for those that are done as it does for creations.
 */
final class OperationEndpoint {
  /** A payment has few; far more only where somebody captures cent by cent. */
  private static final int TRANSFERS_MAX = 1_000;

  /**
   * The key is as old as its row, which was written while the call waited: at most this long ago.
   */
  private static final Duration CALL_MAX = Duration.ofMinutes(1);

  private final Clock clock;
  private final GatewaySettings settings;
  private final ShardClient shards;
  private final IdempotencyClaims claims;

  OperationEndpoint(
      Clock clock, GatewaySettings settings, ShardClient shards, IdempotencyClaims claims) {
    this.clock = clock;
    this.settings = settings;
    this.shards = shards;
    this.claims = claims;
  }

  List<Rpc> rpcs() {
    int bytesMax = Rpc.MESSAGE_BYTES_MAX;
    return List.of(
        Rpc.unary(
            PaymentServiceGrpcService.CapturePayment,
            CapturePaymentRequest.getDefaultInstance(),
            bytesMax,
            this::capture),
        Rpc.unary(
            PaymentServiceGrpcService.CancelPayment,
            CancelPaymentRequest.getDefaultInstance(),
            bytesMax,
            this::cancel),
        Rpc.unary(
            PaymentServiceGrpcService.RefundPayment,
            RefundPaymentRequest.getDefaultInstance(),
            bytesMax,
            this::refund),
        Rpc.unary(
            PaymentServiceGrpcService.GetRefund,
            GetRefundRequest.getDefaultInstance(),
            bytesMax,
            this::get),
        Rpc.unary(
            PaymentServiceGrpcService.ListRefunds,
            ListRefundsRequest.getDefaultInstance(),
            bytesMax,
            this::list),
        Rpc.unary(
            PaymentServiceGrpcService.ExplainPayment,
            ExplainPaymentRequest.getDefaultInstance(),
            bytesMax,
            this::explain));
  }

  private Future<Payment> capture(
      UnaryCall<CapturePaymentRequest, Payment> call, CapturePaymentRequest request) {
    OperationValidation.check(request, settings.maxAmountMinor());
    Canonical canonical = Canonical.of(request);
    return payment(
        call,
        new Keyed("CapturePayment", request.getPaymentId(), request.getIdempotencyKey()),
        OperationCommand.newBuilder()
            .setCapture(request)
            .setCanonical(canonical.bytes())
            .setFingerprint(canonical.fingerprint())
            .build());
  }

  private Future<Payment> cancel(
      UnaryCall<CancelPaymentRequest, Payment> call, CancelPaymentRequest request) {
    OperationValidation.check(request);
    Canonical canonical = Canonical.of(request);
    return payment(
        call,
        new Keyed("CancelPayment", request.getPaymentId(), request.getIdempotencyKey()),
        OperationCommand.newBuilder()
            .setCancel(request)
            .setCanonical(canonical.bytes())
            .setFingerprint(canonical.fingerprint())
            .build());
  }

  private Future<Payment> payment(
      UnaryCall<?, Payment> call, Keyed keyed, OperationCommand command) {
    return ask(call, keyed, command)
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case PAYMENT -> Future.succeededFuture(reply.getPayment());
                  case REFUSAL -> PaymentEndpoint.refused(reply.getRefusal());
                  case REFUND, REPORTED, SAGA, ANSWER_NOT_SET ->
                      Future.failedFuture(PaymentEndpoint.unreadable("the shard"));
                });
  }

  private Future<Refund> refund(
      UnaryCall<RefundPaymentRequest, Refund> call, RefundPaymentRequest request) {
    OperationValidation.check(request, settings.maxAmountMinor());
    Canonical canonical = Canonical.of(request);
    OperationCommand command =
        OperationCommand.newBuilder()
            .setRefund(request)
            .setCanonical(canonical.bytes())
            .setFingerprint(canonical.fingerprint())
            .build();
    Keyed keyed = new Keyed("RefundPayment", request.getPaymentId(), request.getIdempotencyKey());
    return ask(call, keyed, command)
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case REFUND -> Future.succeededFuture(reply.getRefund());
                  case REFUSAL -> PaymentEndpoint.refused(reply.getRefusal());
                  case PAYMENT, REPORTED, SAGA, ANSWER_NOT_SET ->
                      Future.failedFuture(PaymentEndpoint.unreadable("the shard"));
                });
  }

  /** An idempotency key in its scope. */
  private record Keyed(String method, String paymentId, String key) {}

  private Future<ShardReply> ask(UnaryCall<?, ?> call, Keyed keyed, OperationCommand command) {
    String key =
        IdempotencyClaims.key(call.caller().tenant(), keyed.method, keyed.paymentId, keyed.key);
    return claims
        .claim(key)
        .compose(
            claim ->
                claim.isDone(command.getFingerprint())
                    ? replay(call, keyed, command, claim)
                    : askShard(call, keyed, command, claim))
        .onSuccess(
            reply -> {
              if (reply.getReplayed()) {
                call.markReplayed();
              }
            });
  }

  /** Redis says that it is done; the row says whether that is true. */
  private Future<ShardReply> replay(
      UnaryCall<?, ?> call, Keyed keyed, OperationCommand command, Claim claim) {
    Replay replay =
        Replay.newBuilder()
            .setMethod(keyed.method)
            .setPaymentId(keyed.paymentId)
            .setIdempotencyKey(keyed.key)
            .setResourceId(claim.resourceId())
            .setFingerprint(command.getFingerprint())
            .build();
    return shards
        .payments(call, PaymentEndpoint.query(call).setReplay(replay).build())
        .compose(
            reply -> {
              ShardReply.Builder answer = ShardReply.newBuilder().setReplayed(true);
              if (reply.hasRefund()) {
                return Future.succeededFuture(answer.setRefund(reply.getRefund()).build());
              }
              return reply.hasPayment()
                  ? Future.succeededFuture(answer.setPayment(reply.getPayment()).build())
                  : askShard(call, keyed, command, Claim.NONE);
            });
  }

  private Future<ShardReply> askShard(
      UnaryCall<?, ?> call, Keyed keyed, OperationCommand command, Claim claim) {
    int shard = PaymentId.parse(keyed.paymentId).orElseThrow().shard();
    Duration wait = PaymentEndpoint.shorter(settings.waitDefault(), call);
    return shards.operate(call, shard, command, wait).onSuccess(reply -> settle(claim, reply));
  }

  private void settle(Claim claim, ShardReply reply) {
    if (!reply.getAtRest() || !claim.isMine() || !(reply.hasPayment() || reply.hasRefund())) {
      return;
    }
    String made =
        reply.hasRefund() ? reply.getRefund().getRefundId() : reply.getPayment().getPaymentId();
    claims.settle(claim, made, reply.getFingerprint(), keyLife(reply));
  }

  /**
   * How long the key is remembered yet, at least: of one that was known before, since when it is
   * only known for refunds, and of others that it is not older than the payment.
   */
  private Duration keyLife(ShardReply reply) {
    if (!reply.getReplayed()) {
      return settings.keyLife().minus(CALL_MAX);
    }
    Timestamp since =
        reply.hasRefund() ? reply.getRefund().getCreateTime() : reply.getPayment().getCreateTime();
    Instant end = Instant.ofEpochSecond(since.getSeconds()).plus(settings.keyLife());
    return Duration.between(clock.now(), end);
  }

  private Future<Refund> get(UnaryCall<GetRefundRequest, Refund> call, GetRefundRequest request) {
    OperationValidation.checkRefundId(request.getRefundId());
    return shards
        .payments(call, PaymentEndpoint.query(call).setRefundId(request.getRefundId()).build())
        .compose(
            reply -> reply.hasRefund() ? Future.succeededFuture(reply.getRefund()) : not(reply));
  }

  private Future<ListRefundsResponse> list(
      UnaryCall<ListRefundsRequest, ListRefundsResponse> call, ListRefundsRequest request) {
    OperationValidation.check(request);
    ListRefundsRequest page =
        request.toBuilder().setPageSize(Check.effectivePageSize(request.getPageSize())).build();
    return shards
        .payments(call, PaymentEndpoint.query(call).setListRefunds(page).build())
        .compose(
            reply -> reply.hasRefunds() ? Future.succeededFuture(reply.getRefunds()) : not(reply));
  }

  /** The ledger's part is read by the payment's id, under which sagas book everything. */
  private Future<PaymentTimeline> explain(
      UnaryCall<ExplainPaymentRequest, PaymentTimeline> call, ExplainPaymentRequest request) {
    String paymentId = request.getPaymentId();
    PaymentValidation.checkPaymentId(paymentId);
    return shards
        .payments(call, PaymentEndpoint.query(call).setExplainPaymentId(paymentId).build())
        .compose(
            reply ->
                reply.hasTimeline()
                    ? transfers(call, paymentId).map(booked -> merged(reply.getTimeline(), booked))
                    : not(reply));
  }

  private Future<List<Transfer>> transfers(UnaryCall<?, ?> call, String paymentId) {
    LedgerQueryRequest.Builder query =
        LedgerQueryRequest.newBuilder().setTenant(call.caller().tenant());
    query
        .getListTransfersBuilder()
        .setPageSize(TRANSFERS_MAX)
        .getFilterBuilder()
        .setReference(paymentId);
    return shards
        .books(call, query.build())
        .compose(
            reply ->
                reply.hasTransfers()
                    ? Future.succeededFuture(reply.getTransfers().getTransfersList())
                    : Future.failedFuture(PaymentEndpoint.unreadable(ShardClient.LEDGER_QUERY)));
  }

  private static PaymentTimeline merged(PaymentTimeline timeline, List<Transfer> booked) {
    List<TimelineEntry> entries = new ArrayList<>(timeline.getEntriesList());
    for (Transfer transfer : booked) {
      entries.add(
          TimelineEntry.newBuilder()
              .setTime(transfer.getTimestamp())
              .setTransfer(transfer)
              .build());
    }
    entries.sort(Comparator.comparing(TimelineEntry::getTime, Timestamps.comparator()));
    return timeline.toBuilder().clearEntries().addAllEntries(entries).build();
  }

  private static <T> Future<T> not(PaymentQueryReply reply) {
    return reply.hasRefusal()
        ? PaymentEndpoint.refused(reply.getRefusal())
        : Future.failedFuture(PaymentEndpoint.unreadable(ShardClient.PAYMENT_QUERY));
  }
}
