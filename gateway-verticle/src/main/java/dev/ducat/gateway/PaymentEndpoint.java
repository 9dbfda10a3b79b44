package dev.ducat.gateway;

import dev.ducat.gateway.IdempotencyClaims.Claim;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.internal.v1.CreatePaymentCommand;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.Replay;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.ListPaymentsRequest;
import dev.ducat.proto.payments.v1.ListPaymentsResponse;
import dev.ducat.proto.payments.v1.LookupPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcService;
import dev.ducat.proto.payments.v1.WatchPaymentRequest;
import dev.ducat.proto.payments.v1.WatchPaymentResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** PaymentService: what can be done without asking is done here, the rest is the saga's. */
final class PaymentEndpoint {
  private static final String CREATE_PAYMENT = "CreatePayment";

  /** What the way back to the client needs of its deadline. */
  private static final Duration ANSWER_MARGIN = Duration.ofMillis(250);

  private final Vertx vertx;
  private final Clock clock;
  private final GatewaySettings settings;
  private final ShardClient shards;
  private final IdempotencyClaims claims;

  PaymentEndpoint(
      Vertx vertx,
      Clock clock,
      GatewaySettings settings,
      ShardClient shards,
      IdempotencyClaims claims) {
    this.vertx = vertx;
    this.clock = clock;
    this.settings = settings;
    this.shards = shards;
    this.claims = claims;
  }

  List<Rpc> rpcs() {
    int bytesMax = Rpc.MESSAGE_BYTES_MAX;
    return List.of(
        Rpc.unary(
            PaymentServiceGrpcService.CreatePayment,
            CreatePaymentRequest.getDefaultInstance(),
            bytesMax,
            this::create),
        Rpc.unary(
            PaymentServiceGrpcService.GetPayment,
            GetPaymentRequest.getDefaultInstance(),
            bytesMax,
            this::get),
        Rpc.unary(
            PaymentServiceGrpcService.LookupPayment,
            LookupPaymentRequest.getDefaultInstance(),
            bytesMax,
            this::lookup),
        Rpc.unary(
            PaymentServiceGrpcService.ListPayments,
            ListPaymentsRequest.getDefaultInstance(),
            bytesMax,
            this::list),
        Rpc.serverStreaming(
            PaymentServiceGrpcService.WatchPayment,
            WatchPaymentRequest.getDefaultInstance(),
            this::watch));
  }

  private Future<Payment> create(
      UnaryCall<CreatePaymentRequest, Payment> call, CreatePaymentRequest request) {
    PaymentValidation.check(request, settings);
    if (request.getValidateOnly()) {
      return onePayment(call, query(call).setValidate(request).build());
    }
    Canonical canonical = Canonical.of(request);
    String key =
        IdempotencyClaims.key(
            call.caller().tenant(), CREATE_PAYMENT, "-", request.getIdempotencyKey());
    return claims
        .claim(key)
        .compose(
            claim ->
                claim.isDone(canonical.fingerprint())
                    ? replay(call, request, canonical, claim)
                    : askShard(call, request, canonical, claim));
  }

  /** Redis says that it is done; the row says whether that is true. */
  private Future<Payment> replay(
      UnaryCall<CreatePaymentRequest, Payment> call,
      CreatePaymentRequest request,
      Canonical canonical,
      Claim claim) {
    PaymentQueryRequest query =
        query(call)
            .setReplay(
                Replay.newBuilder()
                    .setIdempotencyKey(request.getIdempotencyKey())
                    .setPaymentId(claim.resourceId())
                    .setFingerprint(canonical.fingerprint()))
            .build();
    return shards
        .payments(call, query)
        .compose(
            reply -> {
              if (!reply.hasPayment()) {
                return askShard(call, request, canonical, Claim.NONE);
              }
              call.markReplayed();
              return Future.succeededFuture(reply.getPayment());
            });
  }

  private Future<Payment> askShard(
      UnaryCall<CreatePaymentRequest, Payment> call,
      CreatePaymentRequest request,
      Canonical canonical,
      Claim claim) {
    CreatePaymentCommand command =
        CreatePaymentCommand.newBuilder()
            .setRequest(request)
            .setCanonical(canonical.bytes())
            .setFingerprint(canonical.fingerprint())
            .build();
    return shards
        .create(call, request.getIdempotencyKey(), command, wait(call, request))
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case PAYMENT -> {
                    settle(claim, reply);
                    if (reply.getReplayed()) {
                      call.markReplayed();
                    }
                    yield Future.succeededFuture(reply.getPayment());
                  }
                  case REFUSAL -> refused(reply.getRefusal());
                  case REFUND, REPORTED, SAGA, ANSWER_NOT_SET ->
                      Future.failedFuture(unreadable("the shard"));
                });
  }

  private void settle(Claim claim, ShardReply reply) {
    if (!reply.getAtRest() || !claim.isMine()) {
      return;
    }
    Payment payment = reply.getPayment();
    Instant created = Instant.ofEpochSecond(payment.getCreateTime().getSeconds());
    Duration life = Duration.between(clock.now(), created.plus(settings.keyLife()));
    claims.settle(claim, payment.getPaymentId(), reply.getFingerprint(), life);
  }

  private Duration wait(Call call, CreatePaymentRequest request) {
    Duration wait =
        request.hasMaxWait()
            ? Duration.ofSeconds(request.getMaxWait().getSeconds(), request.getMaxWait().getNanos())
            : settings.waitDefault();
    return shorter(wait, call);
  }

  /** A wait, or what the call's deadline leaves of it. */
  static Duration shorter(Duration wait, Call call) {
    Duration left = call.remaining().minus(ANSWER_MARGIN);
    Duration shorter = wait.compareTo(left) < 0 ? wait : left;
    return shorter.isNegative() ? Duration.ZERO : shorter;
  }

  private Future<Payment> get(
      UnaryCall<GetPaymentRequest, Payment> call, GetPaymentRequest request) {
    PaymentValidation.checkPaymentId(request.getPaymentId());
    return onePayment(call, query(call).setPaymentId(request.getPaymentId()).build());
  }

  private Future<Payment> lookup(
      UnaryCall<LookupPaymentRequest, Payment> call, LookupPaymentRequest request) {
    PaymentValidation.checkKey(request.getIdempotencyKey());
    return onePayment(call, query(call).setIdempotencyKey(request.getIdempotencyKey()).build());
  }

  private Future<Payment> onePayment(Call call, PaymentQueryRequest query) {
    return shards
        .payments(call, query)
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case PAYMENT -> Future.succeededFuture(reply.getPayment());
                  case REFUSAL -> refused(reply.getRefusal());
                  case LIST,
                      EVENTS,
                      ASK_SHARD,
                      REFUND,
                      REFUNDS,
                      TIMELINE,
                      SAGA,
                      SAGAS,
                      ANSWER_NOT_SET ->
                      Future.failedFuture(unreadable(ShardClient.PAYMENT_QUERY));
                });
  }

  private Future<ListPaymentsResponse> list(
      UnaryCall<ListPaymentsRequest, ListPaymentsResponse> call, ListPaymentsRequest request) {
    PaymentValidation.check(request);
    ListPaymentsRequest page =
        request.toBuilder().setPageSize(Check.effectivePageSize(request.getPageSize())).build();
    return shards
        .payments(call, query(call).setList(page).build())
        .compose(
            reply ->
                switch (reply.getAnswerCase()) {
                  case LIST -> Future.succeededFuture(reply.getList());
                  case REFUSAL -> refused(reply.getRefusal());
                  case PAYMENT,
                      EVENTS,
                      ASK_SHARD,
                      REFUND,
                      REFUNDS,
                      TIMELINE,
                      SAGA,
                      SAGAS,
                      ANSWER_NOT_SET ->
                      Future.failedFuture(unreadable(ShardClient.PAYMENT_QUERY));
                });
  }

  private void watch(
      StreamCall<WatchPaymentRequest, WatchPaymentResponse> call, WatchPaymentRequest request) {
    PaymentValidation.check(request);
    new PaymentWatch(vertx, shards, call, request).begin();
  }

  static PaymentQueryRequest.Builder query(Call call) {
    return PaymentQueryRequest.newBuilder().setTenant(call.caller().tenant());
  }

  static <T> Future<T> refused(dev.ducat.proto.internal.v1.Refusal refusal) {
    return Future.failedFuture(new Problem.Refused(refusal).asException());
  }

  /** A module that answers what was not asked: a defect. */
  static RuntimeException unreadable(String who) {
    return new IllegalStateException(who + " answered something that was not asked");
  }
}
