package dev.ducat.launcher.check;

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
import dev.ducat.launcher.testing.TestHouse;
import dev.ducat.proto.ledger.v1.Account;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CloseAccountRequest;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.GetAccountRequest;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcClient;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.GetRefundRequest;
import dev.ducat.proto.payments.v1.ListPaymentsRequest;
import dev.ducat.proto.payments.v1.ListRefundsRequest;
import dev.ducat.proto.payments.v1.LookupPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentFilter;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.proto.payments.v1.RefundState;
import dev.ducat.proto.type.v1.Money;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Rows of FAULTS' table of bad input that need the whole house to be wrong in: states, sums, keys,
 * funds, limits. Through public gRPC; after each, every invariant is checked from outside. What the
 * edge refuses alone stands in the gateway's BadInputTest and GrpcTrapsTest.
 */
final class BadInputScenariosTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  @TempDir private static Path data = Path.of("unset");

  private static @Nullable AuditedHouse audited;
  private static int keys;

  private final DucatClient client = new DucatClient("default");
  private final DucatClient stranger = new DucatClient("stranger");

  @BeforeAll
  static void start() {
    TestHouse house =
        TestHouse.start(
            data,
            "150bp+10",
            Map.of(
                "DUCAT_LIMITS_AMOUNTS", "*/small=EUR:100..500",
                "DUCAT_LIMITS_VELOCITY", "*/rare=2/day",
                "DUCAT_MERCHANTS_OVERDRAFT", "trusted,other"));
    audited = new AuditedHouse(house, new ClientHistory());
  }

  @AfterAll
  static void stop() {
    if (audited != null) {
      audited.close();
    }
  }

  @AfterEach
  void everyInvariantHolds() {
    client.close();
    stranger.close();
    assertThat(new Drain(house().house().foundation().services()).await(Duration.ofSeconds(30)))
        .isTrue();
    assertThat(house().audit().findings())
        .allSatisfy(one -> assertThat(one.violations()).as(one.id()).isEmpty());
  }

  private static AuditedHouse house() {
    if (audited == null) {
      throw new IllegalStateException("not started");
    }
    return audited;
  }

  // ---- calls

  private static String key() {
    return "scenario-" + keys++;
  }

  private static Money eur(long minorUnits) {
    return Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(minorUnits).build();
  }

  private static <Q extends Message, A extends Message> Answer<A> answer(
      DucatClient from, ServiceMethod<A, Q> method, Q request) {
    SocketAddress node = Addresses.parse(house().house().node().info().grpc());
    Future<Answer<A>> asked = from.call(node, method, request, TIMEOUT);
    try {
      return asked.await(TIMEOUT.plusSeconds(1).toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException hanging) {
      throw new AssertionError(hanging);
    }
  }

  private <Q extends Message, A extends Message> A call(ServiceMethod<A, Q> method, Q request) {
    return answer(client, method, request).message();
  }

  private static <Q extends Message, A extends Message> CallFailure failure(
      DucatClient from, ServiceMethod<A, Q> method, Q request) {
    CallFailure failed =
        catchThrowableOfType(CallFailure.class, () -> answer(from, method, request));
    assertThat(failed).as("%s", request).isNotNull();
    return failed;
  }

  private <Q extends Message, A extends Message> void refused(
      ServiceMethod<A, Q> method, Q request, GrpcStatus status, String reason) {
    CallFailure failed = failure(client, method, request);
    assertThat(failed.status()).as(failed.explain()).isEqualTo(status);
    assertThat(failed.details().reason()).isEqualTo(reason);
    if (status == GrpcStatus.FAILED_PRECONDITION) {
      assertThat(failed.details().violations()).as("PreconditionFailure").isNotEmpty();
    }
  }

  private static CreatePaymentRequest.Builder request(String merchant, String method, long minor) {
    return CreatePaymentRequest.newBuilder()
        .setIdempotencyKey(key())
        .setAmount(eur(minor))
        .setPaymentMethod(method)
        .setMerchantAccount(merchant);
  }

  private Payment create(CreatePaymentRequest request) {
    Payment payment = call(PaymentServiceGrpcClient.CreatePayment, request);
    long minor = request.getAmount().getMinorUnits();
    house()
        .history()
        .add(
            "scenario",
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
    return payment;
  }

  private Payment pay(String merchant, String method, long minor) {
    return create(request(merchant, method, minor).build());
  }

  private Payment authorize() {
    return create(
        request("acme", "sim_ok", 1_000).setCaptureMode(CaptureMode.CAPTURE_MODE_MANUAL).build());
  }

  private static CapturePaymentRequest capture(Payment payment, String key, long minor) {
    return CapturePaymentRequest.newBuilder()
        .setPaymentId(payment.getPaymentId())
        .setIdempotencyKey(key)
        .setAmount(eur(minor))
        .setKeepRemainder(true)
        .build();
  }

  private static CancelPaymentRequest cancel(Payment payment, String key) {
    return CancelPaymentRequest.newBuilder()
        .setPaymentId(payment.getPaymentId())
        .setIdempotencyKey(key)
        .build();
  }

  private static RefundPaymentRequest refund(Payment payment, String key, long minor) {
    return RefundPaymentRequest.newBuilder()
        .setPaymentId(payment.getPaymentId())
        .setIdempotencyKey(key)
        .setAmount(eur(minor))
        .build();
  }

  private static void assertFailed(Payment payment, String code, String step) {
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo(code);
    assertThat(payment.getFailure().getStep()).isEqualTo(step);
    assertThat(payment.getAmountAuthorized().getMinorUnits()).isZero();
  }

  // ---- scenarios

  @Test
  void theSameKeyWithAnotherRequest() {
    CreatePaymentRequest first = request("acme", "sim_ok", 700).build();
    create(first);
    CallFailure reused =
        failure(
            client,
            PaymentServiceGrpcClient.CreatePayment,
            first.toBuilder().setAmount(eur(701)).build());
    assertThat(reused.status()).isEqualTo(GrpcStatus.ALREADY_EXISTS);
    assertThat(reused.details().reason()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
    assertThat(reused.details().metadata()).containsEntry("field", "amount");

    Payment open = authorize();
    String key = key();
    call(PaymentServiceGrpcClient.CapturePayment, capture(open, key, 300));
    refused(
        PaymentServiceGrpcClient.CapturePayment,
        capture(open, key, 301),
        GrpcStatus.ALREADY_EXISTS,
        "IDEMPOTENCY_KEY_REUSED");
    call(PaymentServiceGrpcClient.CancelPayment, cancel(open, key));
  }

  @Test
  void whatIsUnknownOrAnothersIsNotFoundAlike() {
    Payment open = authorize();
    Payment settled = pay("acme", "sim_ok", 900);
    Refund given = call(PaymentServiceGrpcClient.RefundPayment, refund(settled, key(), 100));
    Payment never = Payment.newBuilder().setPaymentId(neighbor(open.getPaymentId())).build();

    alike(PaymentServiceGrpcClient.CapturePayment, capture(open, "k", 1), capture(never, "k", 1));
    alike(PaymentServiceGrpcClient.CancelPayment, cancel(open, "k"), cancel(never, "k"));
    alike(PaymentServiceGrpcClient.RefundPayment, refund(open, "k", 1), refund(never, "k", 1));
    alike(
        PaymentServiceGrpcClient.GetRefund,
        GetRefundRequest.newBuilder().setRefundId(given.getRefundId()).build(),
        GetRefundRequest.newBuilder().setRefundId(neighbor(given.getRefundId())).build());
    alike(
        PaymentServiceGrpcClient.ListRefunds,
        ListRefundsRequest.newBuilder().setPaymentId(settled.getPaymentId()).build(),
        ListRefundsRequest.newBuilder().setPaymentId(never.getPaymentId()).build());
    call(PaymentServiceGrpcClient.CancelPayment, cancel(open, key()));
  }

  private <Q extends Message, A extends Message> void alike(
      ServiceMethod<A, Q> method, Q others, Q nobodys) {
    CallFailure one = failure(stranger, method, others);
    CallFailure other = failure(stranger, method, nobodys);
    assertThat(one.status()).isEqualTo(GrpcStatus.NOT_FOUND);
    assertThat(one.explain()).isEqualTo(other.explain());
    assertThat(one.details()).isEqualTo(other.details());
  }

  private static String neighbor(String id) {
    int place = id.length() - 5;
    return id.substring(0, place) + (id.charAt(place) == '0' ? '1' : '0') + id.substring(place + 1);
  }

  @Test
  void aForeignPageToken() {
    pay("acme", "sim_ok", 800);
    pay("acme", "sim_ok", 801);
    ListPaymentsRequest first = ListPaymentsRequest.newBuilder().setPageSize(1).build();
    String token = call(PaymentServiceGrpcClient.ListPayments, first).getNextPageToken();
    assertThat(token).isNotEmpty();
    ListPaymentsRequest next = first.toBuilder().setPageToken(token).build();
    assertThat(call(PaymentServiceGrpcClient.ListPayments, next).getPaymentsCount()).isEqualTo(1);

    CallFailure strangers = failure(stranger, PaymentServiceGrpcClient.ListPayments, next);
    assertThat(strangers.status()).isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(strangers.details().violations())
        .extracting(CallFailure.Violation::field)
        .containsExactly("page_token");
    PaymentFilter other = PaymentFilter.newBuilder().setMerchantAccount("acme").build();
    refused(
        PaymentServiceGrpcClient.ListPayments,
        next.toBuilder().setFilter(other).build(),
        GrpcStatus.INVALID_ARGUMENT,
        "INVALID_REQUEST");
  }

  @Test
  void cardNumbersInOperations() {
    Payment open = authorize();
    String card = "4111 1111 1111 1111";
    refused(
        PaymentServiceGrpcClient.CancelPayment,
        cancel(open, key()).toBuilder().setReason(card).build(),
        GrpcStatus.INVALID_ARGUMENT,
        "SENSITIVE_DATA");
    refused(
        PaymentServiceGrpcClient.RefundPayment,
        refund(open, key(), 1).toBuilder().setReason(card).build(),
        GrpcStatus.INVALID_ARGUMENT,
        "SENSITIVE_DATA");
    call(PaymentServiceGrpcClient.CancelPayment, cancel(open, key()));
  }

  @Test
  void theWrongState() {
    Payment settled = pay("acme", "sim_ok", 1_000);
    refused(
        PaymentServiceGrpcClient.CapturePayment,
        capture(settled, key(), 1),
        GrpcStatus.FAILED_PRECONDITION,
        "PAYMENT_NOT_CAPTURABLE");
    refused(
        PaymentServiceGrpcClient.CancelPayment,
        cancel(settled, key()),
        GrpcStatus.FAILED_PRECONDITION,
        "PAYMENT_NOT_CANCELABLE");

    Payment open = authorize();
    String key = key();
    refused(
        PaymentServiceGrpcClient.RefundPayment,
        refund(open, key, 100),
        GrpcStatus.FAILED_PRECONDITION,
        "PAYMENT_NOT_REFUNDABLE");
    call(PaymentServiceGrpcClient.CapturePayment, capture(open, key(), 1_000));
    // What was refused has left its key free.
    await()
        .atMost(TIMEOUT)
        .until(
            () ->
                call(
                            PaymentServiceGrpcClient.LookupPayment,
                            LookupPaymentRequest.newBuilder()
                                .setIdempotencyKey(open.getIdempotencyKey())
                                .build())
                        .getState()
                    == PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(call(PaymentServiceGrpcClient.RefundPayment, refund(open, key, 100)).getState())
        .isEqualTo(RefundState.REFUND_STATE_SUCCEEDED);
  }

  @Test
  void moreThanThereIs() {
    Payment open = authorize();
    refused(
        PaymentServiceGrpcClient.CapturePayment,
        capture(open, key(), 1_001),
        GrpcStatus.FAILED_PRECONDITION,
        "CAPTURE_EXCEEDS_CAPTURABLE");
    call(PaymentServiceGrpcClient.CancelPayment, cancel(open, key()));

    Payment settled = pay("acme", "sim_ok", 1_000);
    call(PaymentServiceGrpcClient.RefundPayment, refund(settled, key(), 400));
    refused(
        PaymentServiceGrpcClient.RefundPayment,
        refund(settled, key(), 601),
        GrpcStatus.FAILED_PRECONDITION,
        "REFUND_EXCEEDS_CAPTURED");
  }

  @Test
  void declinesAreFailedPaymentsUnderTheirKeys() {
    CreatePaymentRequest declined = request("acme", "sim_decline_authorize", 500).build();
    Payment first = create(declined);
    assertFailed(first, "DECLINED", "authorize");
    Answer<Payment> again = answer(client, PaymentServiceGrpcClient.CreatePayment, declined);
    assertThat(again.replayed()).isTrue();
    assertThat(again.message()).isEqualTo(first);
    assertFailed(pay("acme", "sim_insufficient_funds", 500), "INSUFFICIENT_FUNDS", "authorize");
    assertFailed(pay("acme", "sim_decline_capture", 500), "DECLINED", "capture");

    wallet("wallet:empty", BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);
    assertFailed(pay("acme", "wallet:empty", 500), "INSUFFICIENT_FUNDS", "authorize");

    wallet("wallet:shut", BalanceLimit.BALANCE_LIMIT_NONE);
    Payment paid = pay("acme", "wallet:shut", 500);
    assertThat(paid.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    call(
        LedgerServiceGrpcClient.CloseAccount,
        CloseAccountRequest.newBuilder().setName("wallet:shut").setCurrencyCode("EUR").build());
    assertFailed(pay("acme", "wallet:shut", 500), "ACCOUNT_CLOSED", "authorize");
    // Nor can it be paid back: nothing has moved, and the merchant keeps what it has.
    Refund refund = call(PaymentServiceGrpcClient.RefundPayment, refund(paid, key(), 100));
    assertThat(refund.getState()).isEqualTo(RefundState.REFUND_STATE_FAILED);
    assertThat(refund.getFailure().getCode()).isEqualTo("ACCOUNT_CLOSED");
  }

  private void wallet(String name, BalanceLimit limit) {
    call(
        LedgerServiceGrpcClient.CreateAccount,
        CreateAccountRequest.newBuilder()
            .setName(name)
            .setCurrencyCode("EUR")
            .setNormalSide(NormalSide.NORMAL_SIDE_CREDIT)
            .setLimit(limit)
            .build());
  }

  @Test
  void aRefundWithoutEnoughAvailableIsAFailedRefund() {
    // The fee is not returned, and this merchant has nothing else.
    Payment settled = pay("penniless", "sim_ok", 1_000);
    RefundPaymentRequest whole = refund(settled, key(), 1_000);
    Refund refund = call(PaymentServiceGrpcClient.RefundPayment, whole);
    assertThat(refund.getState()).isEqualTo(RefundState.REFUND_STATE_FAILED);
    assertThat(refund.getFailure().getCode()).isEqualTo("INSUFFICIENT_FUNDS");
    Answer<Refund> again = answer(client, PaymentServiceGrpcClient.RefundPayment, whole);
    assertThat(again.replayed()).isTrue();
    assertThat(again.message()).isEqualTo(refund);
  }

  /** What the penniless merchant above may not do. */
  @Test
  void aMerchantWithAnOverdraftRefundsMoreThanItHas() {
    // The fee, 25, is not returned: only the overdraft can pay for it.
    Payment settled = pay("trusted", "sim_ok", 1_000);
    Refund refund = call(PaymentServiceGrpcClient.RefundPayment, refund(settled, key(), 1_000));
    assertThat(refund.getState()).isEqualTo(RefundState.REFUND_STATE_SUCCEEDED);
    Account available =
        call(
            LedgerServiceGrpcClient.GetAccount,
            GetAccountRequest.newBuilder()
                .setName("merchant:trusted:available")
                .setCurrencyCode("EUR")
                .build());
    assertThat(available.getLimit()).isEqualTo(BalanceLimit.BALANCE_LIMIT_NONE);
    assertThat(available.getCreditsPosted() - available.getDebitsPosted()).isEqualTo(-25);
  }

  @Test
  void beyondALimit() {
    assertFailed(pay("small", "sim_ok", 501), "LIMIT_EXCEEDED", "validate");
    assertFailed(pay("small", "sim_ok", 99), "AMOUNT_BELOW_MINIMUM", "validate");
    assertThat(pay("small", "sim_ok", 500).getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    pay("rare", "sim_ok", 100);
    pay("rare", "sim_ok", 100);
    CreatePaymentRequest third = request("rare", "sim_ok", 100).build();
    Payment refused = create(third);
    assertFailed(refused, "VELOCITY_EXCEEDED", "validate");
    Answer<Payment> again = answer(client, PaymentServiceGrpcClient.CreatePayment, third);
    assertThat(again.replayed()).isTrue();
    assertThat(again.message()).isEqualTo(refused);
  }

  /** A lying, forgetful Redis costs a question to the lane, and never a second effect. */
  @Test
  void keysOfOperationsWhateverRedisSays() {
    RedisClient redisClient =
        RedisClient.create(house().house().foundation().services().redis().uri());
    try (StatefulRedisConnection<String, String> connection = redisClient.connect()) {
      RedisCommands<String, String> redis = connection.sync();
      Payment open = authorize();
      Payment another = authorize();
      CapturePaymentRequest part = capture(open, key(), 300);
      Payment captured = call(PaymentServiceGrpcClient.CapturePayment, part);
      String name =
          "ducat:idem:default:CapturePayment:"
              + open.getPaymentId()
              + ":"
              + part.getIdempotencyKey();
      await().atMost(TIMEOUT).until(() -> String.valueOf(redis.get(name)).startsWith("D:"));
      String told = String.valueOf(redis.get(name));

      for (String lie :
          List.of(
              told,
              told.replace(open.getPaymentId(), another.getPaymentId()),
              "D:" + told,
              "C:somebody",
              "")) {
        redis.set(name, lie);
        Answer<Payment> again = answer(client, PaymentServiceGrpcClient.CapturePayment, part);
        assertThat(again.replayed()).as(lie).isTrue();
        assertThat(again.message()).as(lie).isEqualTo(captured);
      }
      redis.flushall();
      assertThat(answer(client, PaymentServiceGrpcClient.CapturePayment, part).message())
          .isEqualTo(captured);
      // A key that Redis calls done, and that nobody ever used.
      CapturePaymentRequest fresh = capture(open, key(), 300);
      redis.set(name.replace(part.getIdempotencyKey(), fresh.getIdempotencyKey()), told);
      assertThat(
              call(PaymentServiceGrpcClient.CapturePayment, fresh)
                  .getAmountCaptured()
                  .getMinorUnits())
          .isEqualTo(600);
      call(PaymentServiceGrpcClient.CancelPayment, cancel(open, key()));
      call(PaymentServiceGrpcClient.CancelPayment, cancel(another, key()));
    } finally {
      redisClient.shutdown();
    }
  }
}
