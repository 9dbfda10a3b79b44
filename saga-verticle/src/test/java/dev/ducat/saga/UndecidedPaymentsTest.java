package dev.ducat.saga;

import static dev.ducat.saga.PspAnswers.done;
import static dev.ducat.saga.PspAnswers.notFound;
import static dev.ducat.saga.PspAnswers.pending;
import static dev.ducat.saga.PspAnswers.retryable;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.EventsAfter;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.ReportCommand;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Payments that wait for their payer, or for the PSP to decide: canceled, expired, and raced by
 * what the PSP reports; on real Postgres, with a PSP that answers as each test says.
 */
@ExtendWith(VertxExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class UndecidedPaymentsTest {
  private static final String TENANT = "t";

  private static final ConnectorTerms PATIENT =
      new ConnectorTerms(
              Duration.ofMillis(300),
              Duration.ofMillis(100),
              Duration.ofDays(1),
              Duration.ofHours(1))
          .withTombstones(true);

  private final RecordingLedger ledger = new RecordingLedger();
  private final List<ConnectorCall> calls = new CopyOnWriteArrayList<>();
  private volatile Function<ConnectorCall, Future<OperationResult>> script = PspAnswers::done;
  private SagaNode node;

  @BeforeAll
  void start(Vertx vertx, @TempDir Path folder) {
    Map<String, ConnectorTerms> connectors =
        Map.of(
            "patient", PATIENT,
            "brief", PATIENT.withActionTimeout(Duration.ofMillis(400)),
            "forgetful", PATIENT.withTombstones(false));
    SagaSettings settings =
        SagaSettings.defaults(folder.resolve("journal"))
            .withConnectors(connectors, "patient")
            .withRetry(
                new RetryTerms(
                    new Backoff(Duration.ofMillis(10), Duration.ofMillis(50)),
                    3,
                    new Backoff(Duration.ofMillis(20), Duration.ofMillis(100)),
                    new Backoff(Duration.ofMillis(20), Duration.ofMillis(100)),
                    Duration.ofHours(1),
                    Duration.ofMillis(50)));
    node = SagaNode.start(vertx, settings, ledger);
    for (String name : connectors.keySet()) {
      node.bus()
          .serveLocal(
              "connector." + name,
              ConnectorCall.getDefaultInstance(),
              call -> {
                calls.add(call);
                return script.apply(call);
              });
    }
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void forget() {
    calls.clear();
    script = UndecidedPaymentsTest::undecided;
  }

  /** The payer has yet to act, for ever; what is void is void. */
  private static Future<OperationResult> undecided(ConnectorCall call) {
    boolean isOpen = call.hasAuthorize() || call.hasGetOperation();
    return isOpen ? pending(call, "https://psp/3ds") : done(call);
  }

  private static CreatePaymentRequest request(String key, String connector) {
    return Requests.payment(key, "tok", 100).toBuilder().setConnector(connector).build();
  }

  private Payment waiting(String key, String connector) {
    Payment payment = node.create(TENANT, request(key, connector)).getPayment();
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_REQUIRES_ACTION);
    return payment;
  }

  // ---- cancel

  @Test
  void aPaymentThatRequiresActionIsCanceled() {
    Payment payment = waiting("cancel-1", "patient");
    ShardReply reply = node.operate(TENANT, Requests.cancel(payment.getPaymentId(), "x1"));

    assertThat(reply.getAtRest()).isTrue();
    Payment canceled = reply.getPayment();
    assertThat(canceled.getState()).isEqualTo(PaymentState.PAYMENT_STATE_CANCELED);
    assertThat(canceled.hasNextAction()).isFalse();
    assertThat(canceled.getAmountAuthorized().getMinorUnits()).isZero();
    assertThat(voidsOf(payment))
        .singleElement()
        .satisfies(
            call -> {
              assertThat(call.getVoid().getAuthorizationKey()).isEqualTo(authorizeKey(payment));
              assertThat(call.getVoid().getAmount()).isEqualTo(payment.getAmount());
            });
    assertThat(typesOf(payment))
        .containsExactly("created", "requires_action", "release_started", "canceled");
    assertNothingIsHeld(payment);
    assertThat(unfinished(payment)).isZero();

    // Whoever comes late is told by what it lost, and the same key finds the same end.
    assertThat(node.operate(TENANT, Requests.cancel(payment.getPaymentId(), "x1")).getReplayed())
        .isTrue();
    ShardReply late = node.operate(TENANT, Requests.cancel(payment.getPaymentId(), "x2"));
    assertThat(late.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_CANCELABLE);
    assertThat(late.getRefusal().getObstacle()).isEqualTo("CANCELED");
    ShardReply again = node.create(TENANT, request("cancel-1", "patient"));
    assertThat(again.getAtRest()).isTrue();
    assertThat(again.getPayment()).isEqualTo(canceled);
  }

  @Test
  void anAuthorizeAtWorkIsNotCanceledYet() {
    AtomicBoolean open = new AtomicBoolean();
    script = call -> open.get() ? done(call) : Future.failedFuture("cut off");
    Payment unknown =
        TestNode.await(
                Requests.ask(
                    node.bus(), TENANT, request("cancel-2", "patient"), Duration.ofMillis(100)))
            .getPayment();
    ShardReply refused = node.operate(TENANT, Requests.cancel(unknown.getPaymentId(), "x1"));
    assertThat(refused.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_OPERATION_IN_PROGRESS);
    assertThat(refused.getRefusal().getObstacle()).isEqualTo("AUTHORIZE_IN_PROGRESS");
    open.set(true);
    eventually(request("cancel-2", "patient"), PaymentState.PAYMENT_STATE_SETTLED);
  }

  @Test
  void aSuccessReportedAfterTheCancellationIsVoidedAgainAndChangesNothingElse() {
    Payment payment = waiting("late-1", "patient");
    OperationResult success = TestNode.await(done(authorizeOf(payment)));
    Payment canceled =
        node.operate(TENANT, Requests.cancel(payment.getPaymentId(), "x1")).getPayment();
    assertThat(canceled.getState()).isEqualTo(PaymentState.PAYMENT_STATE_CANCELED);

    assertThat(report(payment, success).getReported().getDuplicate()).isFalse();
    assertThat(report(payment, success).getReported().getDuplicate()).isTrue();
    await().atMost(Duration.ofSeconds(5)).until(() -> unfinished(payment) == 0);
    assertThat(report(payment, success).getReported().getDuplicate()).isTrue();

    assertThat(voidsOf(payment))
        .hasSize(2)
        .allSatisfy(
            call ->
                assertThat(call.getVoid().getAuthorizationKey()).isEqualTo(authorizeKey(payment)))
        .extracting(call -> call.getVoid().getOperationKey())
        .doesNotHaveDuplicates();
    assertThat(auditsOf(payment)).containsExactly("late_authorization", "late_authorization");
    assertThat(node.create(TENANT, request("late-1", "patient")).getPayment()).isEqualTo(canceled);
    assertNothingIsHeld(payment);
  }

  @Test
  void ofACancellationAndAReportOneWins() {
    script = call -> call.hasAuthorize() ? undecided(call) : done(call);
    int canceled = 0;
    for (int round = 0; round < 20; round++) {
      // Polls know nothing, so that only the report can bring the success.
      script = call -> call.hasGetOperation() ? notFound(call) : script(call);
      Payment payment = waiting("race-" + round, "patient");
      OperationResult success = TestNode.await(done(authorizeOf(payment)));
      Future<ShardReply> cancel = round % 2 == 0 ? cancel(payment) : null;
      Future<ShardReply> report = reporting(payment, success);
      ShardReply answered = TestNode.await(cancel == null ? cancel(payment) : cancel);
      assertThat(TestNode.await(report).hasReported()).isTrue();

      if (answered.hasPayment()) {
        canceled++;
        assertThat(answered.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_CANCELED);
        await().atMost(Duration.ofSeconds(5)).until(() -> unfinished(payment) == 0);
        assertThat(voidsOf(payment)).hasSize(2);
        assertThat(callsOf(payment)).noneMatch(ConnectorCall::hasCapture);
      } else {
        assertThat(answered.getRefusal().getObstacle())
            .isIn("AUTHORIZE_IN_PROGRESS", "AUTOMATIC_CAPTURE", "ALREADY_CAPTURED");
        eventually(request("race-" + round, "patient"), PaymentState.PAYMENT_STATE_SETTLED);
        assertThat(voidsOf(payment)).isEmpty();
      }
    }
    assertThat(canceled).isBetween(1, 20);
  }

  private static Future<OperationResult> script(ConnectorCall call) {
    return call.hasAuthorize() ? undecided(call) : done(call);
  }

  private Future<ShardReply> cancel(Payment payment) {
    return Requests.ask(node.bus(), TENANT, Requests.cancel(payment.getPaymentId(), "x1"));
  }

  // ---- expiry

  @Test
  void whatNobodyDecidesInItsTimeExpires() {
    Payment payment = waiting("expire-1", "brief");
    Payment expired = eventually(request("expire-1", "brief"), PaymentState.PAYMENT_STATE_EXPIRED);

    assertThat(expired.hasNextAction()).isFalse();
    assertThat(typesOf(payment))
        .containsExactly("created", "requires_action", "release_started", "expired");
    assertThat(voidsOf(payment)).hasSize(1);
    assertNothingIsHeld(payment);
    assertThat(unfinished(payment)).isZero();
    ShardReply late = node.operate(TENANT, Requests.cancel(payment.getPaymentId(), "x1"));
    assertThat(late.getRefusal().getObstacle()).isEqualTo("EXPIRED");
  }

  @Test
  void whileThePspDoesNotAnswerNothingExpires() {
    AtomicBoolean away = new AtomicBoolean(true);
    script =
        call ->
            call.hasGetOperation() && away.get() ? Future.failedFuture("cut off") : undecided(call);
    Payment payment = waiting("expire-2", "brief");
    // Long past its time, by the number of questions that nobody answered.
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> callsOf(payment).stream().filter(ConnectorCall::hasGetOperation).count() > 20);
    assertThat(voidsOf(payment)).isEmpty();
    Payment still = node.create(TENANT, request("expire-2", "brief")).getPayment();
    assertThat(still.getState()).isEqualTo(PaymentState.PAYMENT_STATE_REQUIRES_ACTION);
    away.set(false);
    eventually(request("expire-2", "brief"), PaymentState.PAYMENT_STATE_EXPIRED);
    assertNothingIsHeld(payment);
  }

  @Test
  void aSuccessInTheLastMomentIsTaken() {
    AtomicBoolean acted = new AtomicBoolean();
    script = call -> call.hasGetOperation() && acted.get() ? done(call) : undecided(call);
    waiting("expire-3", "patient");
    acted.set(true);
    eventually(request("expire-3", "patient"), PaymentState.PAYMENT_STATE_SETTLED);
  }

  // ---- voids that keep nothing away

  @Test
  void whatAppearsAfterAVoidThatKeptNothingAwayIsFreed() {
    AtomicBoolean appeared = new AtomicBoolean();
    script = call -> call.hasGetOperation() && appeared.get() ? done(call) : undecided(call);
    Payment payment = waiting("forget-1", "forgetful");
    Payment canceled =
        node.operate(TENANT, Requests.cancel(payment.getPaymentId(), "x1")).getPayment();
    appeared.set(true);
    await().atMost(Duration.ofSeconds(5)).until(() -> unfinished(payment) == 0);

    assertThat(voidsOf(payment))
        .hasSize(2)
        .extracting(call -> call.getVoid().getOperationKey())
        .doesNotHaveDuplicates();
    assertThat(auditsOf(payment)).containsExactly("late_authorization", "late_authorization");
    assertThat(node.create(TENANT, request("forget-1", "forgetful")).getPayment())
        .isEqualTo(canceled);
  }

  /** Given up after errors that were none: the PSP has authorized, and knew nothing to void. */
  @Test
  void whatAppearsAfterACompensationThatKeptNothingAwayIsFreed() {
    script = call -> call.hasAuthorize() ? retryable(call, "RATE_LIMITED") : done(call);
    Payment failed = node.create(TENANT, request("forget-3", "forgetful")).getPayment();
    assertThat(failed.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(failed.getFailure().getCode()).isEqualTo("RATE_LIMITED");
    await().atMost(Duration.ofSeconds(5)).until(() -> unfinished(failed) == 0);

    assertThat(voidsOf(failed))
        .hasSize(2)
        .allMatch(call -> call.getVoid().getAuthorizationKey().equals(authorizeKey(failed)))
        .extracting(call -> call.getVoid().getOperationKey())
        .doesNotHaveDuplicates();
    assertThat(auditsOf(failed)).contains("late_authorization", "late_authorization");
    assertThat(node.create(TENANT, request("forget-3", "forgetful")).getPayment())
        .isEqualTo(failed);

    // Where a void is promised to keep everything away, it is trusted.
    Payment trusted = node.create(TENANT, request("forget-4", "patient")).getPayment();
    assertThat(unfinished(trusted)).isZero();
    assertThat(voidsOf(trusted)).hasSize(1);
  }

  @Test
  void whatDoesNotAppearInItsTimeIsLeftAlone() {
    script = call -> call.hasGetOperation() ? notFound(call) : undecided(call);
    Payment payment = waiting("forget-2", "forgetful");
    node.operate(TENANT, Requests.cancel(payment.getPaymentId(), "x1"));
    assertThat(unfinished(payment)).isEqualTo(1);
    await().atMost(Duration.ofSeconds(5)).until(() -> unfinished(payment) == 0);
    assertThat(voidsOf(payment)).hasSize(1);
    assertThat(auditsOf(payment)).isEmpty();
  }

  // ---- what there is to see

  private static String authorizeKey(Payment payment) {
    return "saga_" + payment.getPaymentId().substring("pay_".length()) + "/authorize";
  }

  private List<ConnectorCall> callsOf(Payment payment) {
    return calls.stream().filter(call -> call.toString().contains(payment.getPaymentId())).toList();
  }

  private List<ConnectorCall> voidsOf(Payment payment) {
    return callsOf(payment).stream().filter(ConnectorCall::hasVoid).toList();
  }

  private ConnectorCall authorizeOf(Payment payment) {
    return callsOf(payment).stream().filter(ConnectorCall::hasAuthorize).findFirst().orElseThrow();
  }

  private ShardReply report(Payment payment, OperationResult result) {
    return TestNode.await(reporting(payment, result));
  }

  private Future<ShardReply> reporting(Payment payment, OperationResult result) {
    PaymentId id = PaymentId.parse(payment.getPaymentId()).orElseThrow();
    return node.bus()
        .ask(
            UnitKind.PAYMENT_SHARD.address(id.shard()),
            ShardRequest.newBuilder()
                .setTenant(TENANT)
                .setReport(
                    ReportCommand.newBuilder()
                        .setConnector(payment.getConnector())
                        .setPaymentId(payment.getPaymentId())
                        .setResult(result))
                .build(),
            ShardReply.getDefaultInstance(),
            Duration.ofSeconds(5));
  }

  private Payment eventually(CreatePaymentRequest request, PaymentState state) {
    return await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> node.create(TENANT, request).getPayment(),
            payment -> payment.getState() == state);
  }

  private List<String> typesOf(Payment payment) {
    return TestNode.await(
            Requests.query(
                node.bus(),
                PaymentQueryRequest.newBuilder()
                    .setTenant(TENANT)
                    .setEvents(EventsAfter.newBuilder().setPaymentId(payment.getPaymentId()))
                    .build()))
        .getEvents()
        .getEventsList()
        .stream()
        .map(event -> event.getDetail().getDetailCase().name().toLowerCase(java.util.Locale.ROOT))
        .toList();
  }

  private List<String> auditsOf(Payment payment) {
    List<String> about = new ArrayList<>();
    for (Row row :
        TestNode.await(
            node.testNode()
                .node()
                .queries()
                .preparedQuery(
                    "select type from outbox.event where key = $1::text and topic = 'ducat.audit.v1'"
                        + " order by seq")
                .execute(Tuple.of(payment.getPaymentId())))) {
      String type = row.getString("type");
      about.add(type.substring("dev.ducat.audit.".length(), type.length() - ".v1".length()));
    }
    return about;
  }

  private void assertNothingIsHeld(Payment payment) {
    List<NewTransfer> transfers = ledger.of(payment.getPaymentId());
    String hold =
        transfers.stream()
            .filter(t -> t.getKind() == TransferKind.TRANSFER_KIND_HOLD)
            .map(NewTransfer::getTransferId)
            .findAny()
            .orElseThrow();
    assertThat(transfers)
        .hasSize(2)
        .filteredOn(t -> t.getKind() == TransferKind.TRANSFER_KIND_VOID_HOLD)
        .singleElement()
        .extracting(NewTransfer::getHoldId)
        .isEqualTo(hold);
  }

  private long unfinished(Payment payment) {
    return TestNode.await(
            node.testNode()
                .node()
                .queries()
                .preparedQuery(
                    "select count(*) from payment.saga where payment_id = $1::uuid and not finished")
                .execute(Tuple.of(PaymentId.parse(payment.getPaymentId()).orElseThrow().uuid())))
        .iterator()
        .next()
        .getLong(0);
  }
}
