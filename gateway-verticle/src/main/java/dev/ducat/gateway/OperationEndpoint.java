package dev.ducat.gateway;

import com.google.protobuf.util.Timestamps;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.internal.v1.LedgerQueryRequest;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * PaymentService: operations on a payment that exists, and its refunds. Their keys are looked for
 * in the payment's shard alone: they are rare beside creations, and their lane must look at the
 * payment's row anyway.
 */
final class OperationEndpoint {
  /** A payment has few; far more only where somebody captures cent by cent. */
  private static final int TRANSFERS_MAX = 1_000;

  private final GatewaySettings settings;
  private final ShardClient shards;

  OperationEndpoint(GatewaySettings settings, ShardClient shards) {
    this.settings = settings;
    this.shards = shards;
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
        request.getPaymentId(),
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
        request.getPaymentId(),
        OperationCommand.newBuilder()
            .setCancel(request)
            .setCanonical(canonical.bytes())
            .setFingerprint(canonical.fingerprint())
            .build());
  }

  private Future<Payment> payment(
      UnaryCall<?, Payment> call, String paymentId, OperationCommand command) {
    return ask(call, paymentId, command)
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case PAYMENT -> Future.succeededFuture(reply.getPayment());
                  case REFUSAL -> PaymentEndpoint.refused(reply.getRefusal());
                  case REFUND, REPORTED, ANSWER_NOT_SET ->
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
    return ask(call, request.getPaymentId(), command)
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case REFUND -> Future.succeededFuture(reply.getRefund());
                  case REFUSAL -> PaymentEndpoint.refused(reply.getRefusal());
                  case PAYMENT, REPORTED, ANSWER_NOT_SET ->
                      Future.failedFuture(PaymentEndpoint.unreadable("the shard"));
                });
  }

  private Future<ShardReply> ask(UnaryCall<?, ?> call, String paymentId, OperationCommand command) {
    int shard = PaymentId.parse(paymentId).orElseThrow().shard();
    Duration wait = PaymentEndpoint.shorter(settings.waitDefault(), call);
    return shards
        .operate(call, shard, command, wait)
        .onSuccess(
            reply -> {
              if (reply.getReplayed()) {
                call.markReplayed();
              }
            });
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
