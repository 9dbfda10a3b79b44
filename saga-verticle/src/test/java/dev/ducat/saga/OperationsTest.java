package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.SettlementMode;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.EventsAfter;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferResult;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.ListRefundsRequest;
import dev.ducat.proto.payments.v1.ListRefundsResponse;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.Refund;
import dev.ducat.proto.payments.v1.RefundState;
import dev.ducat.saga.connector.SimulatorJournal;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Captures, cancellations, refunds and the clock on real Postgres, with the simulator as PSP. */
@ExtendWith(VertxExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class OperationsTest {
  private static final String TENANT = "t1";

  private final RecordingLedger ledger = new RecordingLedger();
  private Path journal;
  private SagaNode node;

  @BeforeAll
  void start(Vertx vertx, @TempDir Path folder) {
    journal = folder.resolve("simulator.journal");
    ConnectorTerms lasting = terms(Duration.ofDays(7));
    SagaSettings settings =
        SagaSettings.defaults(journal)
            .withFees(Fee.NONE, Map.of("taxed", new Fee(250, 10)))
            .withConnectors(
                Map.of("simulator", lasting, "brief", terms(Duration.ofMillis(400))), "simulator");
    node = SagaNode.start(vertx, settings, ledger);
    // The same PSP, with authorizations that do not last.
    node.bus()
        .serveLocal(
            "connector.brief",
            ConnectorCall.getDefaultInstance(),
            call ->
                node.bus()
                    .askLocal(
                        "connector.simulator",
                        call,
                        OperationResult.getDefaultInstance(),
                        Duration.ofSeconds(1)));
  }

  private static ConnectorTerms terms(Duration lifetime) {
    return new ConnectorTerms(
        Duration.ofMillis(600),
        Duration.ofMillis(300),
        Duration.ofDays(1),
        Duration.ofHours(1),
        lifetime,
        SettlementMode.SETTLEMENT_MODE_IMMEDIATE,
        Duration.ofDays(1));
  }

  @AfterAll
  void stop() {
    node.close();
  }

  // ---- capture

  @Test
  void anAuthorizationWaitsForItsCapture() {
    Payment payment = authorized("wait-1", "sim_ok", 1000);

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_AUTHORIZED);
    assertThat(payment.getAmountCapturable().getMinorUnits()).isEqualTo(1000);
    assertThat(payment.hasAuthorizationExpireTime()).isTrue();
    assertThat(get(payment)).isEqualTo(payment);

    ShardReply reply = node.operate(TENANT, Requests.capture(id(payment), "c1", 0, false));
    assertThat(reply.getAtRest()).isTrue();
    assertThat(reply.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(reply.getPayment().getAmountCaptured().getMinorUnits()).isEqualTo(1000);
    assertThat(reply.getPayment().hasAuthorizationExpireTime()).isFalse();
    assertThat(typesOf(payment))
        .containsExactly(
            "created", "authorized", "capture_started", "captured", "settled", "completed");
    assertThat(get(payment)).isEqualTo(reply.getPayment()).isEqualTo(lastEvent(payment));
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(1000, 1000, 0, 0));
    assertThat(openSagas(payment)).isZero();
  }

  @Test
  void whatALastCaptureLeavesIsFreed() {
    Payment payment = authorized("part-1", "sim_ok", 1000);
    Payment captured =
        node.operate(TENANT, Requests.capture(id(payment), "c1", 600, false)).getPayment();

    assertThat(captured.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(captured.getAmountCaptured().getMinorUnits()).isEqualTo(600);
    assertThat(captured.getAmountCapturable().getMinorUnits()).isZero();
    assertThat(typesOf(payment))
        .containsExactly(
            "created",
            "authorized",
            "capture_started",
            "captured",
            "remainder_released",
            "settled",
            "completed");
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(1000, 600, 400, 0));
    assertThat(openHolds(payment)).isZero();
    assertThat(get(payment)).isEqualTo(lastEvent(payment));
  }

  @Test
  void severalCapturesAddUpAndTheFeeIsOfTheirSum() {
    CreatePaymentRequest request =
        manual("several-1", "sim_ok", 10_000).toBuilder().setMerchantAccount("taxed").build();
    Payment payment = node.create(TENANT, request).getPayment();
    Payment first =
        node.operate(TENANT, Requests.capture(id(payment), "c1", 1000, true)).getPayment();
    assertThat(first.getState()).isEqualTo(PaymentState.PAYMENT_STATE_AUTHORIZED);
    assertThat(first.getAmountCapturable().getMinorUnits()).isEqualTo(9000);
    assertThat(get(payment)).isEqualTo(first);
    node.operate(TENANT, Requests.capture(id(payment), "c2", 2000, true));
    Payment last =
        node.operate(TENANT, Requests.capture(id(payment), "c3", 3000, false)).getPayment();

    assertThat(last.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(last.getAmountCaptured().getMinorUnits()).isEqualTo(6000);
    PaymentEvent settled = eventsOf(payment).get(eventsOf(payment).size() - 2);
    assertThat(settled.getDetail().getSettled().getFee().getMinorUnits()).isEqualTo(160);
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(10_000, 6000, 4000, 0));
    assertThat(openHolds(payment)).isZero();
    assertThat(openSagas(payment)).isZero();
    // Any of the keys finds the payment as it is now.
    ShardReply again = node.operate(TENANT, Requests.capture(id(payment), "c1", 1000, true));
    assertThat(again.getReplayed()).isTrue();
    assertThat(again.getPayment()).isEqualTo(last);
  }

  @Test
  void moreThanIsCapturableIsRefusedAndLeavesTheKeyFree() {
    Payment payment = authorized("over-1", "sim_ok", 1000);
    ShardReply over = node.operate(TENANT, Requests.capture(id(payment), "c1", 1001, false));
    assertThat(over.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_CAPTURE_EXCEEDS_CAPTURABLE);

    ShardReply same = node.operate(TENANT, Requests.capture(id(payment), "c1", 1000, false));
    assertThat(same.getReplayed()).isFalse();
    assertThat(same.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    ShardReply other = node.operate(TENANT, Requests.capture(id(payment), "c1", 999, false));
    assertThat(other.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_IDEMPOTENCY_KEY_REUSED);
    assertThat(other.getRefusal().getField()).isEqualTo("amount");
    ShardReply late = node.operate(TENANT, Requests.capture(id(payment), "c2", 1, false));
    assertThat(late.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_CAPTURABLE);
    assertThat(late.getRefusal().getObstacle()).isEqualTo("ALREADY_CAPTURED");
  }

  @Test
  void aDeclinedCaptureFailsThePayment() {
    Payment payment = authorized("declined-1", "sim_decline_capture", 1000);
    Payment failed =
        node.operate(TENANT, Requests.capture(id(payment), "c1", 400, true)).getPayment();

    assertThat(failed.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(failed.getFailure().getStep()).isEqualTo("capture");
    assertThat(failed.getAmountAuthorized().getMinorUnits()).isZero();
    assertThat(typesOf(payment))
        .containsExactly(
            "created",
            "authorized",
            "capture_started",
            "capture_failed",
            "authorization_reversed",
            "failed");
    assertThat(openHolds(payment)).isZero();
    assertThat(get(payment)).isEqualTo(lastEvent(payment));
  }

  @Test
  void aCaptureWithoutAnswerIsFoundToHaveHappened() {
    Payment payment = authorized("silent-1", "sim_timeout_capture", 1000);
    Payment captured =
        node.operate(TENANT, Requests.capture(id(payment), "c1", 700, false)).getPayment();
    assertThat(captured.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(1000, 700, 300, 0));
  }

  // ---- cancel

  @Test
  void aCanceledPaymentHoldsNothing() {
    Payment payment = authorized("cancel-1", "sim_ok", 1000);
    ShardReply reply = node.operate(TENANT, Requests.cancel(id(payment), "x1"));

    assertThat(reply.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_CANCELED);
    assertThat(reply.getPayment().getAmountAuthorized().getMinorUnits()).isZero();
    assertThat(typesOf(payment))
        .containsExactly("created", "authorized", "release_started", "canceled");
    assertThat(lastEvent(payment)).isEqualTo(get(payment));
    assertThat(openHolds(payment)).isZero();
    assertThat(openSagas(payment)).isZero();
    assertThat(node.operate(TENANT, Requests.cancel(id(payment), "x1")).getReplayed()).isTrue();
    ShardReply late = node.operate(TENANT, Requests.capture(id(payment), "c1", 0, false));
    assertThat(late.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_CAPTURABLE);
    assertThat(late.getRefusal().getObstacle()).isEqualTo("CANCELED");
  }

  @Test
  void aCancellationAfterACaptureSettlesWhatWasCaptured() {
    Payment payment = authorized("cancel-2", "sim_ok", 1000);
    node.operate(TENANT, Requests.capture(id(payment), "c1", 300, true));
    Payment settled = node.operate(TENANT, Requests.cancel(id(payment), "x1")).getPayment();

    assertThat(settled.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(settled.getAmountCaptured().getMinorUnits()).isEqualTo(300);
    assertThat(openHolds(payment)).isZero();
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(1000, 300, 700, 0));
    assertThat(lastEvent(payment)).isEqualTo(get(payment));
  }

  @Test
  void ofCapturesAndCancellationsAtOnceOneWins() {
    for (int round = 0; round < 10; round++) {
      Payment payment = authorized("race-" + round, "sim_ok", 100);
      List<OperationCommand> commands = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        commands.add(
            i % 2 == 0
                ? Requests.capture(id(payment), "k" + i, 60, i % 4 == 0)
                : Requests.cancel(id(payment), "k" + i));
      }
      List<ShardReply> replies = allAtOnce(commands);
      assertThat(replies).filteredOn(ShardReply::hasPayment).hasSizeBetween(1, 2);
      assertThat(replies)
          .filteredOn(ShardReply::hasRefusal)
          .allSatisfy(reply -> assertThat(reply.getRefusal().getObstacle()).isNotEmpty());
      long captured = psp(payment).captured();
      assertThat(captured).isIn(0L, 60L);
      assertThat(get(payment).getAmountCaptured().getMinorUnits()).isEqualTo(captured);
    }
  }

  @Test
  void whoIsUnknownOrOfAnotherTenantIsNotFound() {
    Payment payment = authorized("foreign-1", "sim_ok", 1000);
    PaymentId real = PaymentId.parse(id(payment)).orElseThrow();
    ShardReply foreign = node.operate("t2", Requests.capture(id(payment), "c1", 0, false));
    assertThat(foreign.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_FOUND);
    String forged =
        new PaymentId(
                new java.util.UUID(
                    real.uuid().getMostSignificantBits(),
                    real.uuid().getLeastSignificantBits() ^ 1))
            .text();
    ShardReply missing = node.operate(TENANT, Requests.cancel(forged, "c1"));
    assertThat(missing.getRefusal()).isEqualTo(foreign.getRefusal());
  }

  // ---- refund

  @Test
  void refundsAddUpToWhatWasCapturedAndNoFurther() {
    Payment payment =
        node.create(TENANT, Requests.payment("refund-1", "sim_ok", 1000)).getPayment();
    Refund first = node.operate(TENANT, Requests.refund(id(payment), "r1", 300)).getRefund();
    assertThat(first.getState()).isEqualTo(RefundState.REFUND_STATE_SUCCEEDED);
    assertThat(refund(first.getRefundId())).isEqualTo(first);
    ShardReply over = node.operate(TENANT, Requests.refund(id(payment), "r2", 701));
    assertThat(over.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_REFUND_EXCEEDS_CAPTURED);
    Refund rest = node.operate(TENANT, Requests.refund(id(payment), "r2", 0)).getRefund();
    assertThat(rest.getAmount().getMinorUnits()).isEqualTo(700);

    Payment after = get(payment);
    assertThat(after.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(after.getAmountRefunded().getMinorUnits()).isEqualTo(1000);
    assertThat(after).isEqualTo(lastEvent(payment));
    assertThat(typesOf(payment).subList(5, 9))
        .containsExactly(
            "refund_created", "refund_succeeded", "refund_created", "refund_succeeded");
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(1000, 1000, 0, 1000));
    ShardReply again = node.operate(TENANT, Requests.refund(id(payment), "r1", 300));
    assertThat(again.getReplayed()).isTrue();
    assertThat(again.getRefund()).isEqualTo(first);
    assertThat(list(payment, 1, "").getRefundsList()).containsExactly(rest);
    String next = list(payment, 1, "").getNextPageToken();
    assertThat(list(payment, 1, next).getRefundsList()).containsExactly(first);
  }

  @Test
  void ofAHundredRefundsAtOnceThatDoNotFitOneSucceeds() {
    Payment payment = node.create(TENANT, Requests.payment("refund-2", "sim_ok", 100)).getPayment();
    List<OperationCommand> commands = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      commands.add(Requests.refund(id(payment), "r" + i, 60));
    }
    List<ShardReply> replies = allAtOnce(commands);
    assertThat(replies).filteredOn(ShardReply::hasRefund).hasSize(1);
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(100, 100, 0, 60));
    assertThat(get(payment).getAmountRefunded().getMinorUnits()).isEqualTo(60);
  }

  @Test
  void aRefundThatTheLedgerRefusesIsRecordedAsFailed() {
    CreatePaymentRequest request =
        Requests.payment("refund-3", "sim_ok", 100).toBuilder().setMerchantAccount("poor").build();
    Payment payment = node.create(TENANT, request).getPayment();
    ledger.refuse("merchant:poor:available", TransferResult.TRANSFER_RESULT_EXCEEDS_CREDITS);

    ShardReply reply = node.operate(TENANT, Requests.refund(id(payment), "r1", 100));
    assertThat(reply.getRefund().getState()).isEqualTo(RefundState.REFUND_STATE_FAILED);
    assertThat(reply.getRefund().getFailure().getCode()).isEqualTo("INSUFFICIENT_FUNDS");
    assertThat(reply.getRefund().getFailure().getStep()).isEqualTo("refund");
    assertThat(get(payment).getAmountRefunded().getMinorUnits()).isZero();
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(100, 100, 0, 0));
    assertThat(node.operate(TENANT, Requests.refund(id(payment), "r1", 100)).getRefund())
        .isEqualTo(reply.getRefund());
    // What failed is not reserved any more.
    assertThat(node.operate(TENANT, Requests.refund(id(payment), "r2", 100)).hasRefund()).isTrue();
  }

  @Test
  void onlySettledPaymentsAreRefunded() {
    Payment payment = authorized("refund-4", "sim_ok", 100);
    ShardReply early = node.operate(TENANT, Requests.refund(id(payment), "r1", 0));
    assertThat(early.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_REFUNDABLE);
    assertThat(early.getRefusal().getObstacle()).isEqualTo("AUTHORIZED");
    node.operate(TENANT, Requests.capture(id(payment), "c1", 40, true));
    node.operate(TENANT, Requests.capture(id(payment), "c2", 60, false));
    Refund refund = node.operate(TENANT, Requests.refund(id(payment), "r1", 0)).getRefund();
    assertThat(refund.getState()).isEqualTo(RefundState.REFUND_STATE_SUCCEEDED);
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(100, 100, 0, 100));
  }

  // ---- wallets

  @Test
  void aWalletPaysOnTheLedgerAlone() {
    CreatePaymentRequest request = manual("wallet-1", "wallet:alice", 1000);
    Payment payment = node.create(TENANT, request).getPayment();
    assertThat(payment.getConnector()).isEqualTo("ledger");
    Payment settled =
        node.operate(TENANT, Requests.capture(id(payment), "c1", 700, false)).getPayment();
    assertThat(settled.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    Refund refund = node.operate(TENANT, Requests.refund(id(payment), "r1", 200)).getRefund();
    assertThat(refund.getState()).isEqualTo(RefundState.REFUND_STATE_SUCCEEDED);

    assertThat(SimulatorJournal.read(journal).totalsByPayment()).doesNotContainKey(id(payment));
    assertThat(openHolds(payment)).isZero();
    assertThat(ledger.of(id(payment)))
        .filteredOn(t -> t.getKind() == TransferKind.TRANSFER_KIND_HOLD)
        .extracting(t -> t.getDebitAccount() + " to " + t.getCreditAccount())
        .containsExactlyInAnyOrder(
            "wallet:alice to merchant:acme:pending", "merchant:acme:available to wallet:alice");
  }

  @Test
  void aWalletWithoutFundsIsDeclined() {
    ledger.refuse("wallet:poor", TransferResult.TRANSFER_RESULT_EXCEEDS_CREDITS);
    Payment payment =
        node.create(TENANT, Requests.payment("wallet-2", "wallet:poor", 1000)).getPayment();
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo("INSUFFICIENT_FUNDS");
    CreatePaymentRequest elsewhere =
        Requests.payment("wallet-3", "wallet:poor", 1).toBuilder()
            .setConnector("simulator")
            .build();
    assertThat(node.create(TENANT, elsewhere).getRefusal().getField()).isEqualTo("payment_method");
  }

  // ---- expiry

  @Test
  void anAuthorizationLapsesByItself() {
    Payment payment = node.create(TENANT, brief("lapse-1")).getPayment();
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_AUTHORIZED);
    eventually(node, payment, PaymentState.PAYMENT_STATE_EXPIRED);
    Payment partly = node.create(TENANT, brief("lapse-2")).getPayment();
    node.operate(TENANT, Requests.capture(id(partly), "c1", 300, true));
    eventually(node, partly, PaymentState.PAYMENT_STATE_SETTLED);

    ShardReply late = node.operate(TENANT, Requests.capture(id(payment), "c1", 0, false));
    assertThat(late.getRefusal().getObstacle()).isEqualTo("EXPIRED");
    assertThat(openHolds(payment)).isZero();
    assertThat(openHolds(partly)).isZero();
  }

  private static CreatePaymentRequest brief(String key) {
    return manual(key, "sim_ok", 1000).toBuilder().setConnector("brief").build();
  }

  private static void eventually(SagaNode node, Payment payment, PaymentState state) {
    await()
        .atMost(Duration.ofSeconds(15))
        .until(() -> get(node, payment).getState(), state::equals);
  }

  // ---- what tests look at

  private static CreatePaymentRequest manual(String key, String method, long minorUnits) {
    return Requests.payment(key, method, minorUnits).toBuilder()
        .setCaptureMode(CaptureMode.CAPTURE_MODE_MANUAL)
        .build();
  }

  private Payment authorized(String key, String method, long minorUnits) {
    return node.create(TENANT, manual(key, method, minorUnits)).getPayment();
  }

  private List<ShardReply> allAtOnce(List<OperationCommand> commands) {
    List<Future<ShardReply>> asked =
        commands.stream().map(command -> Requests.ask(node.bus(), TENANT, command)).toList();
    return asked.stream().map(TestNode::await).toList();
  }

  private static String id(Payment payment) {
    return payment.getPaymentId();
  }

  private Payment get(Payment payment) {
    return get(node, payment);
  }

  private static Payment get(SagaNode node, Payment payment) {
    return TestNode.await(
            Requests.query(
                node.bus(),
                PaymentQueryRequest.newBuilder()
                    .setTenant(TENANT)
                    .setPaymentId(id(payment))
                    .build()))
        .getPayment();
  }

  private Refund refund(String refundId) {
    return TestNode.await(
            Requests.query(
                node.bus(),
                PaymentQueryRequest.newBuilder().setTenant(TENANT).setRefundId(refundId).build()))
        .getRefund();
  }

  private ListRefundsResponse list(Payment payment, int size, String token) {
    return TestNode.await(
            Requests.query(
                node.bus(),
                PaymentQueryRequest.newBuilder()
                    .setTenant(TENANT)
                    .setListRefunds(
                        ListRefundsRequest.newBuilder()
                            .setPaymentId(id(payment))
                            .setPageSize(size)
                            .setPageToken(token))
                    .build()))
        .getRefunds();
  }

  private List<PaymentEvent> eventsOf(Payment payment) {
    return TestNode.await(
            Requests.query(
                node.bus(),
                PaymentQueryRequest.newBuilder()
                    .setTenant(TENANT)
                    .setEvents(EventsAfter.newBuilder().setPaymentId(id(payment)))
                    .build()))
        .getEvents()
        .getEventsList();
  }

  private List<String> typesOf(Payment payment) {
    return eventsOf(payment).stream()
        .map(event -> event.getType().substring("dev.ducat.payment.".length()))
        .map(type -> type.substring(0, type.length() - ".v1".length()))
        .toList();
  }

  private Payment lastEvent(Payment payment) {
    return eventsOf(payment).getLast().getPayment();
  }

  private SimulatorJournal.Totals psp(Payment payment) {
    return Objects.requireNonNull(
        SimulatorJournal.read(journal).totalsByPayment().get(id(payment)));
  }

  /** Holds that no transfer resolved. */
  private long openHolds(Payment payment) {
    var transfers = ledger.of(id(payment));
    Stream<String> held =
        transfers.stream()
            .flatMap(
                t ->
                    t.getKind() == TransferKind.TRANSFER_KIND_HOLD
                        ? Stream.of(t.getTransferId())
                        : t.getKeepRemainder()
                            ? Stream.of(t.getRemainderHoldId())
                            : Stream.empty());
    List<String> resolved = transfers.stream().map(t -> t.getHoldId()).toList();
    return held.filter(hold -> !resolved.contains(hold)).count();
  }

  private long openSagas(Payment payment) {
    Row row =
        TestNode.await(
                node.testNode()
                    .node()
                    .queries()
                    .preparedQuery(
                        "select count(*) from payment.saga where payment_id = $1::uuid and not finished")
                    .execute(Tuple.of(PaymentId.parse(id(payment)).orElseThrow().uuid())))
            .iterator()
            .next();
    return row.getLong(0);
  }
}
