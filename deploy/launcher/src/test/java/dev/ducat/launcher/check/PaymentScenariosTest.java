package dev.ducat.launcher.check;

import static dev.ducat.launcher.testing.Api.eur;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Message;
import com.google.protobuf.util.Timestamps;
import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.launcher.testing.Api;
import dev.ducat.proto.events.v1.AuditEvent;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.ledger.v1.Balance;
import dev.ducat.proto.ledger.v1.GetAccountRequest;
import dev.ducat.proto.ledger.v1.GetBalanceRequest;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcClient;
import dev.ducat.proto.ledger.v1.Transfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.ListPaymentsRequest;
import dev.ducat.proto.payments.v1.ListPaymentsResponse;
import dev.ducat.proto.payments.v1.LookupPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentFilter;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.PaymentTimeline;
import dev.ducat.proto.payments.v1.StepOutcome;
import dev.ducat.proto.payments.v1.StepRun;
import dev.ducat.proto.payments.v1.TimelineEntry;
import dev.ducat.proto.payments.v1.WatchPaymentRequest;
import dev.ducat.proto.payments.v1.WatchPaymentResponse;
import dev.ducat.saga.connector.JournalEntry;
import dev.ducat.saga.connector.JournalEntry.Kind;
import dev.ducat.saga.connector.JournalEntry.Result;
import dev.ducat.saga.connector.SimulatorJournal.Totals;
import io.vertx.grpc.common.ServiceMethod;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a saga does when its steps fail, and what clients do with payments and see of them, over
 * gRPC on a whole house. After each, every invariant is checked from outside.
 */
final class PaymentScenariosTest {
  @TempDir private static Path data = Path.of("unset");

  @SuppressWarnings("NullAway.Init")
  private static ScenarioHouse house;

  @BeforeAll
  static void start() {
    int port = ScenarioHouse.freePort();
    Map<String, String> variables = new HashMap<>();
    variables.put("DUCAT_CONNECTORS_SIMULATOR_DEADLINE", "1s");
    for (String name : List.of("BRIEF", "LAPSING")) {
      variables.put("DUCAT_CONNECTORS_" + name + "_ADDRESS", "127.0.0.1:" + port);
      variables.put("DUCAT_CONNECTORS_" + name + "_DEADLINE", "1s");
      variables.put("DUCAT_CONNECTORS_" + name + "_QUARANTINE", "1s");
      variables.put("DUCAT_CONNECTORS_" + name + "_TOMBSTONES_VOID", "true");
    }
    // Over before the absence of an authorize is proven: what comes late is not begun again.
    variables.put(
        "DUCAT_CONNECTORS_BRIEF_RETRY_AUTHORIZE", "attempts=3 first=20ms max=50ms timeout=2s");
    variables.put("DUCAT_CONNECTORS_BRIEF_RETRY_ASK", "first=100ms max=500ms");
    variables.put("DUCAT_CONNECTORS_LAPSING_AUTHORIZATION_LIFETIME", "2s");
    house = ScenarioHouse.start(data, variables);
    house.psp(port, null);
  }

  @AfterAll
  static void stop() {
    house.close();
  }

  @AfterEach
  void everyInvariantHolds() {
    house.everyInvariantHolds();
  }

  // ---- calls

  private static Payment authorize(String merchant) {
    return authorize(merchant, "simulator");
  }

  private static Payment authorize(String merchant, String connector) {
    Payment payment =
        house.pay(
            house
                .request("sim_ok")
                .setMerchantAccount(merchant)
                .setConnector(connector)
                .setCaptureMode(CaptureMode.CAPTURE_MODE_MANUAL));
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_AUTHORIZED);
    return payment;
  }

  private static CapturePaymentRequest.Builder capture(Payment payment) {
    return CapturePaymentRequest.newBuilder()
        .setPaymentId(payment.getPaymentId())
        .setIdempotencyKey(house.key());
  }

  private static Payment captured(CapturePaymentRequest.Builder request) {
    return house.api().ask(PaymentServiceGrpcClient.CapturePayment, request.build());
  }

  private static CancelPaymentRequest cancel(Payment payment) {
    return CancelPaymentRequest.newBuilder()
        .setPaymentId(payment.getPaymentId())
        .setIdempotencyKey(house.key())
        .build();
  }

  /** What the merchant is still promised by authorizations. */
  private static long held(String merchant) {
    return house
        .api()
        .ask(
            LedgerServiceGrpcClient.GetAccount,
            GetAccountRequest.newBuilder()
                .setName("merchant:" + merchant + ":pending")
                .setCurrencyCode("EUR")
                .build())
        .getCreditsPending();
  }

  private static <Q extends Message, A extends Message> void loses(
      ServiceMethod<A, Q> method, Q request, String reason, String code) {
    CallFailure failure = house.refused(method, request);
    assertThat(failure.details().reason()).isEqualTo(reason);
    assertThat(failure.details().violations())
        .extracting(CallFailure.Violation::type)
        .containsExactly(code);
  }

  // ---- sagas

  @Test
  void whatDidNothingIsTriedAgainUntilItIsDone() {
    Payment payment = house.pay(house.request("sim_error_2"));

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(house.attempts(payment))
        .containsExactly("authorize RETRYABLE", "authorize RETRYABLE");
    assertThat(house.psp(payment)).isEqualTo(new Totals(1_000, 1_000, 0, 0));
    List<JournalEntry> tries =
        house.journal(payment).stream().filter(one -> one.kind() == Kind.AUTHORIZE).toList();
    assertThat(tries)
        .extracting(JournalEntry::result)
        .containsExactly(Result.RETRYABLE, Result.RETRYABLE, Result.DONE);
    assertThat(tries).extracting(JournalEntry::operationKey).containsOnly(authorizeKey(tries));
  }

  /** A retry goes under the key of the first try. */
  private static String authorizeKey(List<JournalEntry> tries) {
    return tries.getFirst().operationKey();
  }

  @Test
  void whenTheRetriesAreSpentItFailsAndIsVoided() {
    Payment payment =
        house.pay(house.request("sim_error_50").setConnector("brief").setMerchantAccount("spent"));

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo("CONNECTOR_UNAVAILABLE");
    assertThat(payment.getFailure().getStep()).isEqualTo("authorize");
    // The last error is the answer.
    assertThat(house.attempts(payment))
        .containsExactly("authorize RETRYABLE", "authorize RETRYABLE", "authorize DECLINED");
    assertThat(house.journal(payment).getLast())
        .satisfies(
            last -> {
              assertThat(last.kind()).isEqualTo(Kind.VOID);
              assertThat(last.result()).isEqualTo(Result.TOMBSTONE);
            });
    assertThat(held("spent")).isZero();
  }

  /** The textbook case: validate OK, authorize OK, capture fails. */
  @Test
  void aFailedCaptureIsReversedNotifiedAndAudited() {
    Payment payment =
        house.pay(house.request("sim_decline_capture").setMerchantAccount("textbook"));

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo("DECLINED");
    assertThat(payment.getFailure().getStep()).isEqualTo("capture");
    // Reversed, at the PSP and on the ledger.
    assertThat(house.psp(payment)).isEqualTo(new Totals(1_000, 0, 1_000, 0));
    assertThat(held("textbook")).isZero();
    house.everyInvariantHolds();
    // The user is notified of the failure.
    List<PaymentEvent> events = house.events(payment);
    assertThat(house.history(payment))
        .containsExactly("created", "authorized", "authorization_reversed", "failed");
    PaymentEvent failed = events.getLast();
    assertThat(failed.getType()).isEqualTo("dev.ducat.payment.failed.v1");
    assertThat(failed.getDetail().getFailed().getFailure()).isEqualTo(payment.getFailure());
    assertThat(failed.getPayment()).isEqualTo(payment);
    // An audit event is logged.
    AuditEvent audit = house.audits(payment).getFirst();
    assertThat(audit.getType()).isEqualTo("dev.ducat.audit.compensation.v1");
    assertThat(audit.getAction()).isEqualTo("reverse_authorization");
    assertThat(audit.getDetailsMap())
        .containsEntry("failed_step", "capture")
        .containsEntry("amount", "1000 EUR");
  }

  @Test
  void anAuthorizeThatArrivesAfterItsVoidChangesNothing() {
    Payment failed =
        house.pay(house.request("sim_late_5000").setConnector("brief").setMerchantAccount("late"));
    assertThat(failed.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(failed.getFailure().getStep()).isEqualTo("authorize");
    assertThat(house.attempts(failed)).contains("authorize UNKNOWN");
    assertThat(house.journal(failed))
        .extracting(JournalEntry::result)
        .containsExactly(Result.TOMBSTONE);
    assertThat(held("late")).isZero();

    await().atMost(ScenarioHouse.LIMIT).until(() -> house.journal(failed).size() > 1);
    assertThat(house.journal(failed).getLast())
        .satisfies(
            late -> {
              assertThat(late.kind()).isEqualTo(Kind.AUTHORIZE);
              assertThat(late.result()).isEqualTo(Result.DECLINED);
              assertThat(late.detail()).isEqualTo("VOIDED");
            });
    assertThat(house.get(failed)).isEqualTo(failed);
  }

  @Test
  void anAuthorizationLapsesByItselfAndWhoComesLaterIsTold() {
    Payment payment = authorize("lapsed", "lapsing");
    assertThat(
            Timestamps.between(payment.getCreateTime(), payment.getAuthorizationExpireTime())
                .getSeconds())
        .isBetween(1L, 4L);

    Payment expired = house.ends(payment, PaymentState.PAYMENT_STATE_EXPIRED);

    assertThat(expired.getAmountCapturable()).isEqualTo(eur(0));
    assertThat(house.psp(payment)).isEqualTo(new Totals(1_000, 0, 1_000, 0));
    assertThat(held("lapsed")).isZero();
    loses(
        PaymentServiceGrpcClient.CapturePayment,
        capture(payment).build(),
        "PAYMENT_NOT_CAPTURABLE",
        "EXPIRED");
    loses(
        PaymentServiceGrpcClient.CancelPayment,
        cancel(payment),
        "PAYMENT_NOT_CANCELABLE",
        "EXPIRED");
  }

  @Test
  void whoComesAfterACaptureOrACancellationIsToldByWhatItLost() {
    Payment captured = authorize("first");
    captured(capture(captured));
    Payment canceled = authorize("first");
    house.api().ask(PaymentServiceGrpcClient.CancelPayment, cancel(canceled));

    loses(
        PaymentServiceGrpcClient.CancelPayment,
        cancel(captured),
        "PAYMENT_NOT_CANCELABLE",
        "ALREADY_CAPTURED");
    loses(
        PaymentServiceGrpcClient.CapturePayment,
        capture(captured).build(),
        "PAYMENT_NOT_CAPTURABLE",
        "ALREADY_CAPTURED");
    loses(
        PaymentServiceGrpcClient.CapturePayment,
        capture(canceled).build(),
        "PAYMENT_NOT_CAPTURABLE",
        "CANCELED");
    loses(
        PaymentServiceGrpcClient.CancelPayment,
        cancel(canceled),
        "PAYMENT_NOT_CANCELABLE",
        "CANCELED");
    house.ends(captured, PaymentState.PAYMENT_STATE_SETTLED);
  }

  // ---- contracts

  @Test
  void whatALastCaptureLeavesIsVoidedAndReleased() {
    Payment payment = authorize("partly");
    assertThat(held("partly")).isEqualTo(1_000);

    Payment captured = captured(capture(payment).setAmount(eur(600)));

    assertThat(captured.getAmountCaptured()).isEqualTo(eur(600));
    assertThat(captured.getAmountCapturable()).isEqualTo(eur(0));
    house.ends(payment, PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(house.psp(payment)).isEqualTo(new Totals(1_000, 600, 400, 0));
    assertThat(held("partly")).isZero();
    house.everyInvariantHolds();
    assertThat(house.history(payment)).contains("remainder_released");
  }

  @Test
  void whatIsKeptCanBeCapturedLater() {
    Payment payment = authorize("keeper");

    Payment part = captured(capture(payment).setAmount(eur(300)).setKeepRemainder(true));
    assertThat(part.getAmountCaptured()).isEqualTo(eur(300));
    assertThat(part.getAmountCapturable()).isEqualTo(eur(700));
    assertThat(house.psp(payment)).isEqualTo(new Totals(1_000, 300, 0, 0));
    assertThat(held("keeper")).isEqualTo(700);

    captured(capture(payment));
    Payment settled = house.ends(payment, PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(settled.getAmountCaptured()).isEqualTo(eur(1_000));
    assertThat(house.psp(payment)).isEqualTo(new Totals(1_000, 1_000, 0, 0));
    assertThat(held("keeper")).isZero();
  }

  private static List<WatchPaymentResponse> watched(Payment payment, long after) {
    List<WatchPaymentResponse> seen = Collections.synchronizedList(new ArrayList<>());
    try (DucatClient client = new DucatClient("default")) {
      Api.await(
          client.follow(
              Addresses.parse(house.audited().house().node().info().grpc()),
              PaymentServiceGrpcClient.WatchPayment,
              WatchPaymentRequest.newBuilder()
                  .setPaymentId(payment.getPaymentId())
                  .setAfterVersion(after)
                  .build(),
              ScenarioHouse.LIMIT,
              seen::add));
    }
    return List.copyOf(seen);
  }

  @Test
  void aWatchBeginsWithASnapshotAndGoesOnWhereItWasLost() {
    Payment payment = house.pay(house.request("sim_action_1500"));
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_REQUIRES_ACTION);

    List<WatchPaymentResponse> all = watched(payment, 0);

    assertThat(all.getFirst().hasEvent()).isFalse();
    long first = all.getFirst().getPayment().getVersion();
    long last = all.getLast().getPayment().getVersion();
    assertThat(last).isGreaterThan(first);
    assertThat(all)
        .extracting(one -> one.getPayment().getVersion())
        .containsExactlyElementsOf(LongStream.rangeClosed(first, last).boxed().toList());
    assertThat(all.getLast().getPayment()).isEqualTo(house.get(payment));
    assertThat(all.getLast().getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    // The stream was lost after some version: the rest comes, each once, and nothing else.
    List<WatchPaymentResponse> rest = watched(payment, last - 2);
    assertThat(rest).isEqualTo(all.subList(all.size() - 2, all.size()));
    assertThat(rest).allSatisfy(one -> assertThat(one.hasEvent()).isTrue());
  }

  @Test
  void anExplanationTellsStepsAttemptsTransfersAndEvents() {
    Payment payment = house.pay(house.request("sim_error_1"));
    house.everyInvariantHolds();

    PaymentTimeline told = house.explain(payment);

    assertThat(told.getPayment()).isEqualTo(house.get(payment));
    List<TimelineEntry> entries = told.getEntriesList();
    assertThat(entries).extracting(TimelineEntry::getTime).isSortedAccordingTo(Timestamps::compare);
    StepRun authorize =
        entries.stream()
            .map(TimelineEntry::getStep)
            .filter(step -> step.getStep().equals("authorize"))
            .findFirst()
            .orElseThrow();
    assertThat(authorize.getOutcome()).isEqualTo(StepOutcome.STEP_OUTCOME_DONE);
    assertThat(authorize.getAttempts()).isEqualTo(2);
    assertThat(authorize.getOperationKey())
        .isEqualTo(house.journal(payment).getFirst().operationKey());
    assertThat(authorize.getConnectorReference()).isNotEmpty();
    assertThat(entries.stream().filter(TimelineEntry::hasStep).map(one -> one.getStep().getStep()))
        .contains("authorize", "capture", "settle");
    assertThat(house.attempts(payment)).containsExactly("authorize RETRYABLE");
    assertThat(entries.stream().filter(TimelineEntry::hasTransfer).map(TimelineEntry::getTransfer))
        .extracting(Transfer::getKind)
        .contains(TransferKind.TRANSFER_KIND_HOLD, TransferKind.TRANSFER_KIND_POST_HOLD);
    assertThat(
            entries.stream()
                .filter(TimelineEntry::hasEvent)
                .map(one -> one.getEvent().getVersion()))
        .containsExactlyElementsOf(
            LongStream.rangeClosed(1, told.getPayment().getVersion()).boxed().toList());
  }

  private static Balance balance(GetBalanceRequest.Builder request) {
    return house
        .api()
        .ask(
            LedgerServiceGrpcClient.GetBalance,
            request.setAccount("merchant:saver:available").setCurrencyCode("EUR").build());
  }

  @Test
  void aBalanceIsToldAsOfAnyTime() {
    house.pay(house.request("sim_ok").setMerchantAccount("saver"));
    Balance then = balance(GetBalanceRequest.newBuilder());
    assertThat(then.getPosted()).isEqualTo(eur(1_000));
    house.pay(house.request("sim_ok").setMerchantAccount("saver"));

    assertThat(balance(GetBalanceRequest.newBuilder()).getPosted()).isEqualTo(eur(2_000));
    Balance again = balance(GetBalanceRequest.newBuilder().setAsOf(then.getAsOf()));
    assertThat(again.getPosted()).isEqualTo(eur(1_000));
    assertThat(again.getAvailable()).isEqualTo(eur(1_000));
    assertThat(again.getAsOf()).isEqualTo(then.getAsOf());
  }

  private static ListPaymentsResponse list(PaymentFilter.Builder filter, int size, String token) {
    return house
        .api()
        .ask(
            PaymentServiceGrpcClient.ListPayments,
            ListPaymentsRequest.newBuilder()
                .setFilter(filter.setMerchantAccount("shop"))
                .setPageSize(size)
                .setPageToken(token)
                .build());
  }

  private static List<String> found(PaymentFilter.Builder filter) {
    return list(filter, 50, "").getPaymentsList().stream().map(Payment::getPaymentId).toList();
  }

  @Test
  void paymentsAreFoundByTheirKeysAndByWhatTheyAre() {
    Payment settled =
        house.pay(house.request("sim_ok").setMerchantAccount("shop").setReference("order-1"));
    Payment failed =
        house.pay(
            house
                .request("sim_decline_authorize")
                .setMerchantAccount("shop")
                .setReference("order-2"));
    Payment open = authorize("shop");
    house.pay(house.request("sim_ok").setMerchantAccount("elsewhere").setReference("order-1"));

    assertThat(
            house
                .api()
                .ask(
                    PaymentServiceGrpcClient.LookupPayment,
                    LookupPaymentRequest.newBuilder()
                        .setIdempotencyKey(failed.getIdempotencyKey())
                        .build()))
        .isEqualTo(house.get(failed));
    assertThat(
            house
                .refused(
                    PaymentServiceGrpcClient.LookupPayment,
                    LookupPaymentRequest.newBuilder().setIdempotencyKey("never-used").build())
                .details()
                .reason())
        .isEqualTo("PAYMENT_NOT_FOUND");
    assertThat(found(PaymentFilter.newBuilder()))
        .containsExactlyInAnyOrder(
            settled.getPaymentId(), failed.getPaymentId(), open.getPaymentId());
    assertThat(found(PaymentFilter.newBuilder().addStates(PaymentState.PAYMENT_STATE_FAILED)))
        .containsExactly(failed.getPaymentId());
    assertThat(
            found(
                PaymentFilter.newBuilder()
                    .addStates(PaymentState.PAYMENT_STATE_SETTLED)
                    .addStates(PaymentState.PAYMENT_STATE_AUTHORIZED)))
        .containsExactlyInAnyOrder(settled.getPaymentId(), open.getPaymentId());
    assertThat(found(PaymentFilter.newBuilder().setReference("order-1")))
        .containsExactly(settled.getPaymentId());
    assertThat(found(PaymentFilter.newBuilder().setCreatedAfter(failed.getCreateTime())))
        .contains(open.getPaymentId())
        .doesNotContain(settled.getPaymentId());
    assertThat(found(PaymentFilter.newBuilder().setCreatedBefore(failed.getCreateTime())))
        .contains(settled.getPaymentId())
        .doesNotContain(open.getPaymentId());
    // In pages: all of them, each once.
    ListPaymentsResponse first = list(PaymentFilter.newBuilder(), 2, "");
    ListPaymentsResponse second = list(PaymentFilter.newBuilder(), 2, first.getNextPageToken());
    assertThat(first.getPaymentsCount()).isEqualTo(2);
    assertThat(second.getPaymentsCount()).isEqualTo(1);
    assertThat(second.getNextPageToken()).isEmpty();
    assertThat(first.getPaymentsList()).doesNotContainAnyElementsOf(second.getPaymentsList());
    house.api().ask(PaymentServiceGrpcClient.CancelPayment, cancel(open));
  }
}
