package dev.ducat.launcher.check;

import static dev.ducat.launcher.testing.Api.eur;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Message;
import dev.ducat.launcher.check.ClientHistory.Answered;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.client.Answer;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.launcher.testing.Api;
import dev.ducat.launcher.testing.TestHouse;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.proto.payments.v1.RefundState;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * DESIGN §11's table, one scenario per row, for each RPC that has a key; through public gRPC, and
 * with every invariant checked at the end.
 */
final class IdempotencyScenariosTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** Long enough for others to come while it is at work. */
  private static final String SLOW = "sim_slow_400";

  @TempDir private static Path data = Path.of("unset");

  @SuppressWarnings("NullAway.Init")
  private static AuditedHouse audited;

  private static final DucatClient client = new DucatClient("default");
  private static final DucatClient stranger = new DucatClient("stranger");
  private static int keys;

  @BeforeAll
  static void start() {
    audited = new AuditedHouse(TestHouse.start(data, "150bp+10"), new ClientHistory());
  }

  @AfterAll
  static void everyInvariantHolds() {
    try {
      assertThat(new Drain(audited.house().foundation().services()).await(Duration.ofSeconds(30)))
          .isTrue();
      assertThat(audited.audit().findings())
          .allSatisfy(one -> assertThat(one.violations()).as(one.id()).isEmpty());
    } finally {
      client.close();
      stranger.close();
      audited.close();
    }
  }

  // ---- the RPCs

  /** The RPCs that have a key. */
  enum Rpc {
    CREATE,
    CAPTURE,
    CANCEL,
    REFUND
  }

  /** One RPC and one payment for it to work on; under which key is said with each call. */
  private static final class Mutation<Q extends Message, A extends Message> {
    private final ServiceMethod<A, Q> method;
    private final BiFunction<Q, String, Q> withKey;
    private final Function<A, String> id;
    private final Q sound;

    /** What may differ, by the name of the field. */
    private final Map<String, Q> others = new LinkedHashMap<>();

    Mutation(
        ServiceMethod<A, Q> method,
        BiFunction<Q, String, Q> withKey,
        Function<A, String> id,
        Q sound) {
      this.method = method;
      this.withKey = withKey;
      this.id = id;
      this.sound = sound;
    }

    Mutation<Q, A> other(String field, Q request) {
      others.put(field, request);
      return this;
    }

    Future<Answer<A>> ask(DucatClient from, Q request, String key) {
      return send(from, method, withKey.apply(request, key));
    }

    Answer<A> ask(String key) {
      return Api.await(ask(client, sound, key));
    }

    CallFailure refused(DucatClient from, Q request, String key) {
      CallFailure failed =
          catchThrowableOfType(CallFailure.class, () -> Api.await(ask(from, request, key)));
      assertThat(failed).as("%s", request).isNotNull();
      return failed;
    }

    String id(Answer<A> answer) {
      return id.apply(answer.message());
    }
  }

  private static Mutation<?, ?> mutation(Rpc rpc, String paymentMethod) {
    return switch (rpc) {
      case CREATE -> creation(paymentMethod);
      case CAPTURE -> capture(authorize(paymentMethod));
      case CANCEL -> cancel(authorize(paymentMethod));
      case REFUND -> {
        // Fees are not returned: what another payment leaves makes up for them.
        pay("sim_ok", CaptureMode.CAPTURE_MODE_AUTOMATIC);
        yield refund(pay(paymentMethod, CaptureMode.CAPTURE_MODE_AUTOMATIC));
      }
    };
  }

  private static Mutation<CreatePaymentRequest, Payment> creation(String paymentMethod) {
    CreatePaymentRequest sound = request(paymentMethod, CaptureMode.CAPTURE_MODE_AUTOMATIC);
    return new Mutation<>(
            PaymentServiceGrpcClient.CreatePayment,
            (request, key) -> request.toBuilder().setIdempotencyKey(key).build(),
            Payment::getPaymentId,
            sound)
        .other("amount", sound.toBuilder().setAmount(eur(999)).build())
        .other("payment_method", sound.toBuilder().setPaymentMethod("sim_slow_1").build())
        .other("merchant_account", sound.toBuilder().setMerchantAccount("globex").build())
        .other(
            "capture_mode",
            sound.toBuilder().setCaptureMode(CaptureMode.CAPTURE_MODE_MANUAL).build())
        .other("connector", sound.toBuilder().setConnector("simulator").build())
        .other("reference", sound.toBuilder().setReference("another").build())
        .other("description", sound.toBuilder().setDescription("another").build())
        .other("metadata", sound.toBuilder().putMetadata("cart", "8").build());
  }

  private static Mutation<CapturePaymentRequest, Payment> capture(Payment payment) {
    CapturePaymentRequest sound =
        CapturePaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setAmount(eur(600))
            .build();
    return new Mutation<>(
            PaymentServiceGrpcClient.CapturePayment,
            (request, key) -> request.toBuilder().setIdempotencyKey(key).build(),
            Payment::getPaymentId,
            sound)
        .other("amount", sound.toBuilder().clearAmount().build())
        .other("keep_remainder", sound.toBuilder().setKeepRemainder(true).build());
  }

  private static Mutation<CancelPaymentRequest, Payment> cancel(Payment payment) {
    CancelPaymentRequest sound =
        CancelPaymentRequest.newBuilder().setPaymentId(payment.getPaymentId()).build();
    return new Mutation<>(
            PaymentServiceGrpcClient.CancelPayment,
            (request, key) -> request.toBuilder().setIdempotencyKey(key).build(),
            Payment::getPaymentId,
            sound)
        .other("reason", sound.toBuilder().setReason("another").build());
  }

  private static Mutation<RefundPaymentRequest, Refund> refund(Payment payment) {
    RefundPaymentRequest sound =
        RefundPaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setAmount(eur(300))
            .build();
    return new Mutation<>(
            PaymentServiceGrpcClient.RefundPayment,
            (request, key) -> request.toBuilder().setIdempotencyKey(key).build(),
            Refund::getRefundId,
            sound)
        .other("amount", sound.toBuilder().setAmount(eur(301)).build())
        .other("reason", sound.toBuilder().setReason("another").build());
  }

  // ---- calls

  private static String key() {
    return "key-" + keys++;
  }

  private static <Q extends Message, A extends Message> Future<Answer<A>> send(
      DucatClient from, ServiceMethod<A, Q> method, Q request) {
    SocketAddress node = Addresses.parse(audited.house().node().info().grpc());
    Future<Answer<A>> asked = from.call(node, method, request, TIMEOUT);
    if (request instanceof CreatePaymentRequest create) {
      asked = asked.onSuccess(answer -> remember(create, (Payment) answer.message()));
    }
    return asked;
  }

  private static void remember(CreatePaymentRequest request, Payment payment) {
    long minor = request.getAmount().getMinorUnits();
    audited
        .history()
        .add(
            // Answers of calls that ran beside each other have no order.
            "client-" + payment.getPaymentId() + "-" + payment.getVersion(),
            new Sent(
                "default",
                request.getIdempotencyKey(),
                minor,
                "EUR",
                request.getMerchantAccount(),
                request.getPaymentMethod()),
            new Answered(
                payment.getPaymentId(),
                payment.getVersion(),
                payment.getState().name(),
                minor,
                "EUR"));
  }

  private static CreatePaymentRequest request(String paymentMethod, CaptureMode mode) {
    return CreatePaymentRequest.newBuilder()
        .setAmount(eur(1_000))
        .setPaymentMethod(paymentMethod)
        .setMerchantAccount("acme")
        .setCaptureMode(mode)
        .putMetadata("cart", "7")
        .build();
  }

  private static Payment pay(String paymentMethod, CaptureMode mode) {
    CreatePaymentRequest request =
        request(paymentMethod, mode).toBuilder().setIdempotencyKey(key()).build();
    return Api.await(send(client, PaymentServiceGrpcClient.CreatePayment, request)).message();
  }

  private static Payment authorize(String paymentMethod) {
    Payment payment = pay(paymentMethod, CaptureMode.CAPTURE_MODE_MANUAL);
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_AUTHORIZED);
    return payment;
  }

  private static Payment get(String paymentId) {
    return Api.await(
            send(
                client,
                PaymentServiceGrpcClient.GetPayment,
                GetPaymentRequest.newBuilder().setPaymentId(paymentId).build()))
        .message();
  }

  private static void assertReused(CallFailure failed, String field) {
    assertThat(failed.status()).as(failed.explain()).isEqualTo(GrpcStatus.ALREADY_EXISTS);
    assertThat(failed.details().reason()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
    assertThat(failed.details().metadata()).containsEntry("field", field);
  }

  // ---- first time: run. Same key, same request, at rest: the resource as it is now

  @ParameterizedTest
  @EnumSource(Rpc.class)
  void theFirstTimeRunsAndTheSecondIsToldWhatBecameOfIt(Rpc rpc) {
    replayed(mutation(rpc, "sim_ok"));
  }

  private static <Q extends Message, A extends Message> void replayed(Mutation<Q, A> mutation) {
    String key = key();
    Answer<A> first = mutation.ask(key);
    assertThat(first.replayed()).isFalse();
    for (int i = 0; i < 3; i++) {
      Answer<A> again = mutation.ask(key);
      assertThat(again.replayed()).isTrue();
      assertThat(again.message()).isEqualTo(first.message());
    }
  }

  @Test
  void whatIsToldIsThePaymentAsItIsNow() {
    Mutation<CreatePaymentRequest, Payment> creation = creation("sim_ok");
    String key = key();
    Payment created = creation.ask(key).message();
    refund(created).ask(key());
    Payment now = creation.ask(key).message();
    assertThat(now.getVersion()).isGreaterThan(created.getVersion());
    assertThat(now).isEqualTo(get(created.getPaymentId()));
    assertThat(now.getAmountRefunded()).isEqualTo(eur(300));
  }

  @Test
  void howLongTheCallerWaitsIsNoPartOfTheRequest() {
    Mutation<CreatePaymentRequest, Payment> creation = creation("sim_ok");
    String key = key();
    String id = creation.id(creation.ask(key));
    CreatePaymentRequest hasty =
        creation.sound.toBuilder()
            .setMaxWait(com.google.protobuf.Duration.getDefaultInstance())
            .build();
    Answer<Payment> again = Api.await(creation.ask(client, hasty, key));
    assertThat(again.replayed()).isTrue();
    assertThat(creation.id(again)).isEqualTo(id);
  }

  // ---- same key, same request, still running: join

  @ParameterizedTest
  @EnumSource(Rpc.class)
  void duplicatesOfACallThatRunsJoinIt(Rpc rpc) {
    joined(mutation(rpc, SLOW));
  }

  private static <Q extends Message, A extends Message> void joined(Mutation<Q, A> mutation) {
    String key = key();
    List<Future<Answer<A>>> calls = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      calls.add(mutation.ask(client, mutation.sound, key));
    }
    List<Answer<A>> answers = calls.stream().map(Api::await).toList();
    assertThat(answers).extracting(Answer::message).containsOnly(answers.getFirst().message());
    assertThat(answers.stream().filter(answer -> !answer.replayed()))
        .as("calls that began it")
        .hasSize(1);
    // What they were told is the outcome: nothing changes any more.
    assertThat(mutation.ask(key).message()).isEqualTo(answers.getFirst().message());
  }

  @Test
  void whoJoinsWaitsNoLongerThanItsOwnDeadline() {
    Mutation<CreatePaymentRequest, Payment> creation = creation("sim_slow_1500");
    String key = key();
    Future<Answer<Payment>> first = creation.ask(client, creation.sound, key);
    CreatePaymentRequest brief =
        creation.sound.toBuilder()
            .setMaxWait(com.google.protobuf.Duration.newBuilder().setNanos(200_000_000))
            .build();
    // It may be the one that begins it: either way it is told how things stand.
    Payment early = Api.await(creation.ask(client, brief, key)).message();
    assertThat(early.getState()).isEqualTo(PaymentState.PAYMENT_STATE_PENDING);
    assertThat(first.isComplete()).isFalse();
    Payment settled = Api.await(first).message();
    assertThat(settled.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(settled.getPaymentId()).isEqualTo(early.getPaymentId());
  }

  // ---- same key, other request: refused, naming the first field that differs

  @ParameterizedTest
  @EnumSource(Rpc.class)
  void anotherRequestUnderTheKeyIsRefusedByTheFieldThatDiffers(Rpc rpc) {
    reused(mutation(rpc, "sim_ok"));
  }

  private static <Q extends Message, A extends Message> void reused(Mutation<Q, A> mutation) {
    String key = key();
    Answer<A> first = mutation.ask(key);
    mutation.others.forEach(
        (field, other) -> assertReused(mutation.refused(client, other, key), field));
    assertThat(mutation.ask(key).message()).isEqualTo(first.message());
  }

  @ParameterizedTest
  @EnumSource(Rpc.class)
  void anotherRequestIsRefusedWhileTheFirstStillRuns(Rpc rpc) {
    reusedInFlight(mutation(rpc, SLOW));
  }

  private static <Q extends Message, A extends Message> void reusedInFlight(
      Mutation<Q, A> mutation) {
    String key = key();
    Future<Answer<A>> first = mutation.ask(client, mutation.sound, key);
    String field = mutation.others.keySet().iterator().next();
    Q other = mutation.others.values().iterator().next();
    // On one connection the first is read first.
    assertReused(mutation.refused(client, other, key), field);
    assertThat(Api.await(first).replayed()).isFalse();
  }

  @Test
  void aKeyBelongsToItsMethodItsPaymentAndItsTenant() {
    String key = key();
    Payment one = authorize("sim_ok");
    Payment two = authorize("sim_ok");
    for (Mutation<?, ?> mutation :
        List.of(capture(one), capture(two), refund(get(one.getPaymentId())), creation("sim_ok"))) {
      assertThat(mutation.ask(key).replayed()).as(mutation.method.fullMethodName()).isFalse();
    }
  }

  // ---- refused by the gateway, wrong state, NOT_FOUND: nothing recorded

  @Test
  void whatTheGatewayRefusesLeavesTheKeyFree() {
    String key = key();
    Mutation<CreatePaymentRequest, Payment> creation = creation("sim_ok");
    for (CreatePaymentRequest unsound :
        List.of(
            creation.sound.toBuilder().setAmount(eur(0)).build(),
            creation.sound.toBuilder().setDescription("4111 1111 1111 1111").build(),
            creation.sound.toBuilder().setConnector("nobody").build())) {
      assertThat(creation.refused(client, unsound, key).status())
          .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    }
    assertThat(creation.ask(key).replayed()).isFalse();

    Payment open = authorize("sim_ok");
    Mutation<CapturePaymentRequest, Payment> capture = capture(open);
    assertThat(
            capture
                .refused(client, capture.sound.toBuilder().setAmount(eur(-1)).build(), key)
                .status())
        .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(capture.ask(key).replayed()).isFalse();
    Mutation<CancelPaymentRequest, Payment> cancel = cancel(authorize("sim_ok"));
    assertThat(
            cancel
                .refused(
                    client, cancel.sound.toBuilder().setReason("4111 1111 1111 1111").build(), key)
                .status())
        .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(cancel.ask(key).replayed()).isFalse();
  }

  @Test
  void validateOnlyClaimsNoKey() {
    String key = key();
    Mutation<CreatePaymentRequest, Payment> creation = creation("sim_ok");
    CreatePaymentRequest only = creation.sound.toBuilder().setValidateOnly(true).build();
    Payment would =
        Api.await(
                client.call(
                    Addresses.parse(audited.house().node().info().grpc()),
                    PaymentServiceGrpcClient.CreatePayment,
                    only.toBuilder().setIdempotencyKey(key).build(),
                    TIMEOUT))
            .message();
    assertThat(would.getPaymentId()).isEmpty();
    assertThat(would.getAmountCaptured()).isEqualTo(eur(0));
    assertThat(creation.ask(key).replayed()).isFalse();
  }

  @Test
  void theWrongStateLeavesTheKeyFree() {
    String key = key();
    Payment waiting = pay("sim_action_1500", CaptureMode.CAPTURE_MODE_MANUAL);
    assertThat(waiting.getState()).isEqualTo(PaymentState.PAYMENT_STATE_REQUIRES_ACTION);
    Mutation<CapturePaymentRequest, Payment> capture = capture(waiting);
    Mutation<CancelPaymentRequest, Payment> cancel = cancel(waiting);
    Mutation<RefundPaymentRequest, Refund> refund = refund(waiting);
    for (CallFailure failed :
        List.of(
            capture.refused(client, capture.sound, key),
            refund.refused(client, refund.sound, key))) {
      assertThat(failed.status()).as(failed.explain()).isEqualTo(GrpcStatus.FAILED_PRECONDITION);
    }
    await()
        .atMost(TIMEOUT)
        .until(
            () -> get(waiting.getPaymentId()).getState() == PaymentState.PAYMENT_STATE_AUTHORIZED);
    // More than there is, and then what there is.
    CapturePaymentRequest more = capture.sound.toBuilder().setAmount(eur(1_001)).build();
    assertThat(capture.refused(client, more, key).status())
        .isEqualTo(GrpcStatus.FAILED_PRECONDITION);
    assertThat(capture.ask(key).replayed()).isFalse();
    assertThat(cancel.refused(client, cancel.sound, key).status())
        .isEqualTo(GrpcStatus.FAILED_PRECONDITION);
    assertThat(refund.ask(key).replayed()).isFalse();
  }

  @Test
  void notFoundLeavesTheKeyFree() {
    String key = key();
    Payment open = authorize("sim_ok");
    Mutation<CapturePaymentRequest, Payment> capture = capture(open);
    assertThat(capture.refused(stranger, capture.sound, key).status())
        .isEqualTo(GrpcStatus.NOT_FOUND);
    assertThat(capture.ask(key).replayed()).isFalse();
    Mutation<CancelPaymentRequest, Payment> cancel = cancel(authorize("sim_ok"));
    assertThat(cancel.refused(stranger, cancel.sound, key).status())
        .isEqualTo(GrpcStatus.NOT_FOUND);
    assertThat(cancel.ask(key).replayed()).isFalse();
    Mutation<RefundPaymentRequest, Refund> refund = refund(get(open.getPaymentId()));
    assertThat(refund.refused(stranger, refund.sound, key).status())
        .isEqualTo(GrpcStatus.NOT_FOUND);
    assertThat(refund.ask(key).replayed()).isFalse();
  }

  // ---- failed in the saga: recorded, and never succeeds later

  @Test
  void whatFailedStaysFailedUnderItsKey() {
    try (Api api = new Api(audited.house())) {
      Mutation<CreatePaymentRequest, Payment> creation = creation("wallet:late");
      api.fund("wallet:late", 1);
      String key = key();
      assertFailed(creation.ask(key).message(), "INSUFFICIENT_FUNDS");
      api.fund("wallet:late", 5_000);
      Answer<Payment> again = creation.ask(key);
      assertThat(again.replayed()).isTrue();
      assertFailed(again.message(), "INSUFFICIENT_FUNDS");
      // It is the key that is spent, not the wallet.
      assertThat(creation.ask(key()).message().getState())
          .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    }

    Mutation<CapturePaymentRequest, Payment> capture = capture(authorize("sim_decline_capture"));
    String captured = key();
    assertFailed(capture.ask(captured).message(), "DECLINED");
    assertThat(capture.ask(captured).replayed()).isTrue();
    assertFailed(capture.ask(captured).message(), "DECLINED");
  }

  @Test
  void aRefundThatFailedStaysFailedUnderItsKey() {
    CreatePaymentRequest poor =
        request("sim_ok", CaptureMode.CAPTURE_MODE_AUTOMATIC).toBuilder()
            .setMerchantAccount("poor")
            .setIdempotencyKey(key())
            .build();
    Payment payment =
        Api.await(send(client, PaymentServiceGrpcClient.CreatePayment, poor)).message();
    // The fee is not returned, and the merchant has nothing else, yet.
    RefundPaymentRequest whole =
        RefundPaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setAmount(eur(1_000))
            .build();
    Mutation<RefundPaymentRequest, Refund> refund = refund(payment);
    String key = key();
    Refund failed = Api.await(refund.ask(client, whole, key)).message();
    assertThat(failed.getState()).isEqualTo(RefundState.REFUND_STATE_FAILED);
    Api.await(
        send(
            client,
            PaymentServiceGrpcClient.CreatePayment,
            poor.toBuilder().setIdempotencyKey(key()).build()));
    Answer<Refund> again = Api.await(refund.ask(client, whole, key));
    assertThat(again.replayed()).isTrue();
    assertThat(again.message()).isEqualTo(failed);
    assertThat(Api.await(refund.ask(client, whole, key())).message().getState())
        .isEqualTo(RefundState.REFUND_STATE_SUCCEEDED);
  }

  private static void assertFailed(Payment payment, @Nullable String code) {
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo(code);
  }
}
