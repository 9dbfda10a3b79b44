package dev.ducat.launcher.check;

import static dev.ducat.launcher.testing.Api.eur;
import static dev.ducat.launcher.testing.Api.race;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.launcher.testing.Api;
import dev.ducat.launcher.testing.TestHouse;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.GetAccountRequest;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcClient;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Calls that want the same money at the same moment, over gRPC against real Postgres: as many get
 * it as there is money for, every other one is told why not, and the books are right afterwards.
 */
final class RacesTest {
  private static final int CALLERS = 100;

  @TempDir private static Path data = Path.of("unset");

  @SuppressWarnings("NullAway.Init")
  private static TestHouse house;

  @SuppressWarnings("NullAway.Init")
  private static Api api;

  private static int keys;

  @BeforeAll
  static void start() {
    house = TestHouse.start(data, "0bp+0");
    api = new Api(house);
  }

  @AfterAll
  static void stop() {
    api.close();
    house.close();
  }

  @AfterEach
  void theBooksAreRight() {
    assertThat(api.verify()).isEmpty();
  }

  private static Future<Payment> begin(String merchant, CaptureMode mode, String method) {
    return api.call(
        PaymentServiceGrpcClient.CreatePayment,
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey("race-" + keys++)
            .setAmount(eur(method.startsWith("wallet:") ? 60 : 100))
            .setPaymentMethod(method)
            .setMerchantAccount(merchant)
            .setCaptureMode(mode)
            .build());
  }

  private static Payment pay(String merchant, CaptureMode mode) {
    return Api.await(begin(merchant, mode, "sim_ok"));
  }

  private static Payment get(Payment payment) {
    return api.ask(
        PaymentServiceGrpcClient.GetPayment,
        GetPaymentRequest.newBuilder().setPaymentId(payment.getPaymentId()).build());
  }

  private static Future<Payment> capture(Payment payment, long amount, boolean keep) {
    return api.call(
        PaymentServiceGrpcClient.CapturePayment,
        CapturePaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setIdempotencyKey("race-" + keys++)
            .setAmount(eur(amount))
            .setKeepRemainder(keep)
            .build());
  }

  private static long credits(String account) {
    return api.ask(
            LedgerServiceGrpcClient.GetAccount,
            GetAccountRequest.newBuilder().setName(account).setCurrencyCode("EUR").build())
        .getCreditsPosted();
  }

  private static long debits(String account) {
    return api.ask(
            LedgerServiceGrpcClient.GetAccount,
            GetAccountRequest.newBuilder().setName(account).setCurrencyCode("EUR").build())
        .getDebitsPosted();
  }

  @Test
  void oneOfAHundredRefundsOfSixtyFitsACaptureOfAHundred() {
    Payment payment = pay("refunder", CaptureMode.CAPTURE_MODE_AUTOMATIC);
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    // The merchant has funds for all of them: what refuses is the payment, not the account.
    for (int i = 0; i < 60; i++) {
      pay("refunder", CaptureMode.CAPTURE_MODE_AUTOMATIC);
    }

    Map<String, Integer> outcomes =
        race(
            CALLERS,
            i ->
                api.call(
                    PaymentServiceGrpcClient.RefundPayment,
                    RefundPaymentRequest.newBuilder()
                        .setPaymentId(payment.getPaymentId())
                        .setIdempotencyKey("race-refund-" + i)
                        .setAmount(eur(60))
                        .build()),
            refund -> refund.getState().name());

    assertThat(outcomes)
        .isEqualTo(Map.of("REFUND_STATE_SUCCEEDED", 1, "REFUND_EXCEEDS_CAPTURED", CALLERS - 1));
    assertThat(get(payment).getAmountRefunded()).isEqualTo(eur(60));
    assertThat(debits("merchant:refunder:available")).isEqualTo(60);
  }

  @Test
  void oneOfAHundredCapturesOfSixtyFitsAnAuthorizationOfAHundred() {
    Payment payment = pay("capturer", CaptureMode.CAPTURE_MODE_MANUAL);

    Map<String, Integer> outcomes =
        race(CALLERS, i -> capture(payment, 60, true), captured -> "captured");

    assertThat(outcomes).containsEntry("captured", 1);
    assertThat(outcomes.keySet())
        .isSubsetOf("captured", "CAPTURE_EXCEEDS_CAPTURABLE", "OPERATION_IN_PROGRESS");
    assertThat(get(payment).getAmountCaptured()).isEqualTo(eur(60));
    assertThat(get(payment).getAmountCapturable()).isEqualTo(eur(40));
    assertThat(credits("merchant:capturer:pending")).isEqualTo(60);
  }

  @Test
  void oneOfAHundredFinalCapturesWins() {
    Payment payment = pay("finisher", CaptureMode.CAPTURE_MODE_MANUAL);

    Map<String, Integer> outcomes =
        race(CALLERS, i -> capture(payment, 60, false), captured -> "captured");

    assertThat(outcomes).containsEntry("captured", 1);
    assertThat(outcomes.keySet())
        .isSubsetOf(
            "captured",
            "CAPTURE_EXCEEDS_CAPTURABLE",
            "OPERATION_IN_PROGRESS",
            "PAYMENT_NOT_CAPTURABLE");
    assertThat(get(payment).getAmountCaptured()).isEqualTo(eur(60));
    assertThat(credits("merchant:finisher:available")).isEqualTo(60);
  }

  @Test
  void aPaymentWhosePayerHasYetToActIsCanceledOnce() {
    Payment waiting =
        Api.await(begin("waiter", CaptureMode.CAPTURE_MODE_AUTOMATIC, "sim_action_600000"));
    assertThat(waiting.getState()).isEqualTo(PaymentState.PAYMENT_STATE_REQUIRES_ACTION);

    Map<String, Integer> outcomes =
        race(
            CALLERS,
            i ->
                api.call(
                    PaymentServiceGrpcClient.CancelPayment,
                    CancelPaymentRequest.newBuilder()
                        .setPaymentId(waiting.getPaymentId())
                        .setIdempotencyKey("race-cancel-" + i)
                        .setReason("the payer left")
                        .build()),
            canceled -> canceled.getState().name());

    assertThat(outcomes).containsEntry("PAYMENT_STATE_CANCELED", 1);
    assertThat(outcomes.keySet())
        .isSubsetOf("PAYMENT_STATE_CANCELED", "OPERATION_IN_PROGRESS", "PAYMENT_NOT_CANCELABLE");
    Payment after = get(waiting);
    assertThat(after.getState()).isEqualTo(PaymentState.PAYMENT_STATE_CANCELED);
    assertThat(after.hasNextAction()).isFalse();
    GetAccountRequest pending =
        GetAccountRequest.newBuilder()
            .setName("merchant:waiter:pending")
            .setCurrencyCode("EUR")
            .build();
    assertThat(api.ask(LedgerServiceGrpcClient.GetAccount, pending).getCreditsPending()).isZero();
  }

  @Test
  void ofACancelAndACaptureOneWins() {
    int canceled = 0;
    for (int round = 0; round < 25; round++) {
      Payment payment = pay("either", CaptureMode.CAPTURE_MODE_MANUAL);
      // Who is sent first changes from round to round.
      int first = round % 2;
      Map<String, Integer> outcomes =
          race(
              4,
              i ->
                  i % 2 == first
                      ? capture(payment, 100, false)
                      : api.call(
                          PaymentServiceGrpcClient.CancelPayment,
                          CancelPaymentRequest.newBuilder()
                              .setPaymentId(payment.getPaymentId())
                              .setIdempotencyKey("race-" + keys++)
                              .build()),
              won -> "won");

      assertThat(outcomes).as("round %d", round).containsEntry("won", 1);
      assertThat(outcomes.keySet())
          .isSubsetOf(
              "won", "OPERATION_IN_PROGRESS", "PAYMENT_NOT_CANCELABLE", "PAYMENT_NOT_CAPTURABLE");
      Payment after = get(payment);
      assertThat(after.getState())
          .isIn(PaymentState.PAYMENT_STATE_CANCELED, PaymentState.PAYMENT_STATE_SETTLED);
      boolean isCanceled = after.getState() == PaymentState.PAYMENT_STATE_CANCELED;
      assertThat(after.getAmountCaptured()).isEqualTo(eur(isCanceled ? 0 : 100));
      canceled += isCanceled ? 1 : 0;
    }
    assertThat(canceled).as("both sides won now and then").isBetween(1, 24);
    assertThat(credits("merchant:either:available")).isEqualTo((25 - canceled) * 100L);
  }

  @Test
  void twoWalletsThatDrainOneAccountGetWhatIsThere() {
    api.fund("pot", 100);
    api.account("wallet:left", BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);
    api.account("wallet:right", BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);

    Map<String, Integer> outcomes =
        race(
            CALLERS,
            i ->
                api.call(
                    LedgerServiceGrpcClient.CreateTransfers,
                    CreateTransfersRequest.newBuilder()
                        .addTransfers(
                            api.post("pot", i % 2 == 0 ? "wallet:left" : "wallet:right", 60))
                        .build()),
            answer -> answer.getOutcomes(0).getResult().name());

    assertThat(outcomes)
        .isEqualTo(
            Map.of("TRANSFER_RESULT_CREATED", 1, "TRANSFER_RESULT_EXCEEDS_CREDITS", CALLERS - 1));
    assertThat(credits("wallet:left") + credits("wallet:right")).isEqualTo(60);
    assertThat(debits("pot")).isEqualTo(60);
  }

  @Test
  void twoMerchantsThatDrainOneWalletGetWhatIsThere() {
    api.fund("wallet:shared", 100);

    Map<String, Integer> outcomes =
        race(
            CALLERS,
            i ->
                begin(
                    i % 2 == 0 ? "left" : "right",
                    CaptureMode.CAPTURE_MODE_AUTOMATIC,
                    "wallet:shared"),
            payment -> payment.getState().name());

    assertThat(outcomes)
        .isEqualTo(Map.of("PAYMENT_STATE_SETTLED", 1, "PAYMENT_STATE_FAILED", CALLERS - 1));
    assertThat(debits("wallet:shared")).isEqualTo(60);
  }
}
