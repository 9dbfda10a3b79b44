package dev.ducat.launcher.check;

import static dev.ducat.launcher.testing.Api.eur;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.psp.SimulatorServer;
import dev.ducat.proto.connector.v1.ConnectorCallbackServiceGrpcClient;
import dev.ducat.proto.connector.v1.Declined;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.Pending;
import dev.ducat.proto.connector.v1.ReportOperationRequest;
import dev.ducat.proto.payments.v1.NextAction;
import dev.ducat.proto.payments.v1.NextActionType;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.saga.connector.JournalEntry;
import dev.ducat.saga.connector.JournalEntry.Kind;
import dev.ducat.saga.connector.SimulatorJournal.Totals;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the simulated PSP can do to a payment, method by method, and what an adapter reports by
 * itself, over gRPC on a whole house. After each, every invariant is checked from outside.
 */
final class ConnectorScenariosTest {
  private static final Totals CHARGED = new Totals(1_000, 1_000, 0, 0);

  private static final String BOOKED =
      "select coalesce(sum(credits_posted), 0) from ledger.account"
          + " where name = 'merchant:%s:available'";

  @TempDir private static Path data = Path.of("unset");

  @SuppressWarnings("NullAway.Init")
  private static ScenarioHouse house;

  @BeforeAll
  static void start() {
    int telling = ScenarioHouse.freePort();
    int silent = ScenarioHouse.freePort();
    int payingOut = ScenarioHouse.freePort();
    Map<String, String> variables = new HashMap<>();
    variables.put("DUCAT_CONNECTORS_SIMULATOR_DEADLINE", "500ms");
    variables.put("DUCAT_CONNECTORS_SIMULATOR_RETRY_ASK", "first=50ms max=500ms");
    // Who tells is not asked for a minute: what happens earlier, a report has done.
    connector(variables, "TELLING", telling, "first=60s max=60s");
    connector(variables, "SILENT", silent, "first=50ms max=500ms");
    connector(variables, "PAYING_OUT", payingOut, "first=60s max=60s");
    variables.put("DUCAT_CONNECTORS_PAYING_OUT_SETTLEMENT", "reported");
    house = ScenarioHouse.start(data, variables);
    var ducat = Addresses.parse(house.audited().house().node().info().grpc());
    house.psp(telling, new SimulatorServer.Ducat(ducat, "telling", null));
    house.psp(silent, null);
    house.psp(payingOut, new SimulatorServer.Ducat(ducat, "paying-out", Duration.ofSeconds(1)));
  }

  private static void connector(Map<String, String> variables, String name, int port, String ask) {
    variables.put("DUCAT_CONNECTORS_" + name + "_ADDRESS", "127.0.0.1:" + port);
    variables.put("DUCAT_CONNECTORS_" + name + "_RETRY_ASK", ask);
  }

  @AfterAll
  static void stop() {
    house.close();
  }

  @AfterEach
  void everyInvariantHolds() {
    house.everyInvariantHolds();
  }

  private static Payment through(String connector, String method) {
    return house.pay(house.request(method).setConnector(connector));
  }

  // ---- methods

  /** However hard the PSP makes it to know, it is charged once, and the payment settles. */
  @ParameterizedTest
  @CsvSource({
    "sim_ok,                 ''",
    "sim_timeout_authorize,  authorize UNKNOWN",
    "sim_timeout_capture,    capture UNKNOWN",
    "sim_late_300,           authorize UNKNOWN",
    "sim_error_1,            authorize RETRYABLE",
    "sim_error_3,            authorize RETRYABLE;authorize RETRYABLE;authorize RETRYABLE",
    "sim_slow_100,           ''"
  })
  void chargesOnceAndSettles(String method, String failedAttempts) {
    Payment payment =
        house.ends(house.pay(house.request(method)), PaymentState.PAYMENT_STATE_SETTLED);

    assertThat(payment.getAmountCaptured()).isEqualTo(eur(1_000));
    assertThat(payment.hasFailure()).isFalse();
    assertThat(house.psp(payment)).isEqualTo(CHARGED);
    assertThat(String.join(";", house.attempts(payment))).startsWith(failedAttempts);
    assertThat(house.attempts(payment)).allMatch(attempt -> failedAttempts.contains(attempt));
  }

  /** Slower than we wait for it: in doubt, asked about, found. */
  @Test
  void slowerThanItsDeadlineItIsAskedAbout() {
    Payment payment =
        house.ends(house.pay(house.request("sim_slow_700")), PaymentState.PAYMENT_STATE_SETTLED);

    assertThat(house.psp(payment)).isEqualTo(CHARGED);
    assertThat(house.attempts(payment)).contains("authorize UNKNOWN", "capture UNKNOWN");
  }

  @ParameterizedTest
  @CsvSource({"sim_decline_authorize, DECLINED", "sim_insufficient_funds, INSUFFICIENT_FUNDS"})
  void declinedItFailsAndNothingIsHeld(String method, String code) {
    Payment payment = house.pay(house.request(method));

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo(code);
    assertThat(house.psp(payment)).isEqualTo(new Totals(0, 0, 0, 0));
  }

  @Test
  void anAnswerWithAnotherAmountIsParkedAndNeverBooked() throws Exception {
    Payment payment = house.pay(house.request("sim_wrong_amount").setMerchantAccount("twisted"));

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
    assertThat(payment.getAmountAuthorized()).isEqualTo(eur(0));
    assertThat(house.history(payment)).doesNotContain("authorized", "captured", "settled");
    assertThat(house.audited().one(BOOKED.formatted("twisted"))).isEqualTo("0");
    assertThat(house.psp(payment)).isEqualTo(new Totals(1_000, 0, 0, 0));

    // Asked what became of it, this PSP tells the truth.
    house.retry(payment);
    assertThat(house.ends(payment, PaymentState.PAYMENT_STATE_SETTLED).getAmountCaptured())
        .isEqualTo(eur(1_000));
    assertThat(house.psp(payment)).isEqualTo(CHARGED);
    assertThat(house.audited().one(BOOKED.formatted("twisted"))).isEqualTo("1000");
  }

  @Test
  void whatThePayerMustDoIsToldAndThenItSettles() {
    Payment payment = house.pay(house.request("sim_action_700"));

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_REQUIRES_ACTION);
    assertThat(payment.getNextAction().getType())
        .isNotEqualTo(NextActionType.NEXT_ACTION_TYPE_UNSPECIFIED);
    assertThat(payment.getNextAction().getUrl()).startsWith("https://");
    Payment settled = house.ends(payment, PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(settled.hasNextAction()).isFalse();
    assertThat(house.history(settled))
        .containsSubsequence("created", "requires_action", "authorized", "captured", "settled");
    assertThat(house.psp(settled)).isEqualTo(CHARGED);
  }

  // ---- reports

  private static OperationResult.Builder result(Payment payment, Kind kind, OperationKind told) {
    JournalEntry entry =
        house.journal(payment).stream().filter(one -> one.kind() == kind).findFirst().orElseThrow();
    return OperationResult.newBuilder().setOperationKey(entry.operationKey()).setKind(told);
  }

  /** Whether the same had been stored before. */
  private static boolean report(String connector, Payment payment, OperationResult.Builder told) {
    return house
        .api()
        .ask(
            ConnectorCallbackServiceGrpcClient.ReportOperation,
            ReportOperationRequest.newBuilder()
                .setConnector(connector)
                .setTenant("default")
                .setPaymentId(payment.getPaymentId())
                .setResult(told)
                .build())
        .getDuplicate();
  }

  @Test
  void reportedTwiceAndOutOfOrderItTakesEffectOnce() {
    Payment payment = through("telling", "sim_action_1500");
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_REQUIRES_ACTION);
    OperationResult.Builder second =
        result(payment, Kind.AUTHORIZE, OperationKind.OPERATION_KIND_AUTHORIZE)
            .setPending(
                Pending.newBuilder()
                    .setNextAction(
                        NextAction.newBuilder()
                            .setType(NextActionType.NEXT_ACTION_TYPE_REDIRECT)
                            .setUrl("https://psp.example/step-2")));
    assertThat(report("telling", payment, second)).isFalse();
    assertThat(report("telling", payment, second)).isTrue();

    // The PSP reports by itself that the payer has acted. Nobody asks: events are read in Kafka.
    house.happens(payment, "completed");
    Payment settled = house.get(payment);
    assertThat(settled.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    String reference =
        house.events(payment).stream()
            .filter(event -> event.getDetail().hasAuthorized())
            .findFirst()
            .orElseThrow()
            .getDetail()
            .getAuthorized()
            .getConnectorReference();

    // Late, again, and the other way round: heard, and without any effect.
    OperationResult.Builder done =
        result(payment, Kind.AUTHORIZE, OperationKind.OPERATION_KIND_AUTHORIZE)
            .setDone(Done.newBuilder().setConnectorReference(reference).setAmount(eur(1_000)));
    assertThat(report("telling", payment, done)).isTrue();
    assertThat(report("telling", payment, second)).isTrue();
    report(
        "telling",
        payment,
        result(payment, Kind.AUTHORIZE, OperationKind.OPERATION_KIND_AUTHORIZE)
            .setDeclined(Declined.newBuilder().setReasonCode("TOO_LATE")));

    assertThat(house.get(payment)).isEqualTo(settled);
    assertThat(house.psp(payment)).isEqualTo(CHARGED);
    assertThat(house.history(payment))
        .containsExactly(
            "created",
            "requires_action",
            "requires_action",
            "authorized",
            "captured",
            "settled",
            "completed");
  }

  @Test
  void whereNobodyReportsItIsFoundByAsking() {
    Payment payment = through("silent", "sim_action_300");
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_REQUIRES_ACTION);

    house.happens(payment, "completed");
    assertThat(house.get(payment).getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(house.psp(payment)).isEqualTo(CHARGED);
  }

  @Test
  void capturedItRestsUntilThePspReportsThePayout() {
    Payment payment = through("paying-out", "sim_ok");
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_CAPTURED);

    house.happens(payment, "completed");
    Payment settled = house.get(payment);
    assertThat(settled.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    OperationResult.Builder again =
        result(payment, Kind.CAPTURE, OperationKind.OPERATION_KIND_SETTLEMENT)
            .setDone(Done.newBuilder().setConnectorReference("payout").setAmount(eur(1_000)));
    report("paying-out", payment, again);
    report("paying-out", payment, again);
    assertThat(house.get(payment)).isEqualTo(settled);
    assertThat(house.history(payment))
        .containsExactly("created", "authorized", "captured", "settled", "completed");
  }
}
