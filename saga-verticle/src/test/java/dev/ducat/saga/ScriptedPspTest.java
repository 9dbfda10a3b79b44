package dev.ducat.saga;

import static dev.ducat.saga.PspAnswers.answer;
import static dev.ducat.saga.PspAnswers.declined;
import static dev.ducat.saga.PspAnswers.done;
import static dev.ducat.saga.PspAnswers.pending;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.Pending;
import dev.ducat.proto.connector.v1.SettlementMode;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.ReportCommand;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.Checkpoint;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the simulator does not do (yet): a PSP behind the bus that answers as each test says. */
@ExtendWith(VertxExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ScriptedPspTest {
  private static final ConnectorTerms TERMS =
      new ConnectorTerms(
          Duration.ofSeconds(3), Duration.ofMillis(100), Duration.ofDays(1), Duration.ofHours(1));
  private static final ConnectorTerms REPORTED =
      new ConnectorTerms(
          TERMS.deadline(),
          TERMS.quarantine(),
          TERMS.idempotencyWindow(),
          TERMS.windowMargin(),
          TERMS.authorizationLifetime(),
          SettlementMode.SETTLEMENT_MODE_REPORTED,
          TERMS.unknownMax());
  private static final int IN_FLIGHT_MAX = 4;

  private final RecordingLedger ledger = new RecordingLedger();
  private final List<ConnectorCall> calls = Collections.synchronizedList(new ArrayList<>());
  private volatile Function<ConnectorCall, Future<OperationResult>> script = call -> done(call);
  private SagaNode node;

  @BeforeAll
  void start(Vertx vertx, @TempDir Path folder) {
    SagaSettings settings =
        SagaSettings.defaults(folder.resolve("journal"))
            .withConnectors(
                Map.of(
                    "simulator",
                    ConnectorTerms.simulator(),
                    "scripted",
                    TERMS,
                    "paying-out-later",
                    REPORTED,
                    "gone",
                    TERMS),
                "scripted")
            .withInFlightMax(IN_FLIGHT_MAX)
            .withRetry(
                new RetryTerms(
                    new Backoff(Duration.ofMillis(10), Duration.ofMillis(50)),
                    3,
                    new Backoff(Duration.ofMillis(20), Duration.ofMillis(100)),
                    new Backoff(Duration.ofMillis(20), Duration.ofMillis(100)),
                    Duration.ofHours(1),
                    Duration.ofMillis(50)));
    node = SagaNode.start(vertx, settings, ledger);
    for (String name : List.of("scripted", "paying-out-later")) {
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
  }

  @Test
  void thePayerActsAndThePaymentGoesOnByItself() {
    AtomicInteger asked = new AtomicInteger();
    script =
        call ->
            switch (call.getCallCase()) {
              case AUTHORIZE -> pending(call, "https://psp/3ds");
              case GET_OPERATION ->
                  asked.incrementAndGet() < 3 ? pending(call, "https://psp/3ds") : done(call);
              default -> done(call);
            };
    ShardReply reply = node.create("t", Requests.payment("act-1", "tok", 100));

    assertThat(reply.getAtRest()).isTrue();
    assertThat(reply.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_REQUIRES_ACTION);
    assertThat(reply.getPayment().getNextAction().getUrl()).isEqualTo("https://psp/3ds");
    eventually("act-1", PaymentState.PAYMENT_STATE_SETTLED);
    ShardReply end = node.create("t", Requests.payment("act-1", "tok", 100));
    assertThat(end.getPayment().hasNextAction()).isFalse();
    assertThat(end.getPayment().getVersion()).isEqualTo(6);
    assertThat(calls).filteredOn(ConnectorCall::hasAuthorize).hasSize(1);
  }

  @Test
  void anOutcomeThatTheDatabaseRefusesIsKeptInSightForAPerson() {
    script = call -> pending(call, "https://psp/" + "x".repeat(3_000));
    ShardReply reply = node.create("t", Requests.payment("odd-1", "tok", 100));

    assertThat(reply.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
    script = call -> done(call);
    assertThat(node.create("t", Requests.payment("odd-2", "tok", 100)).getPayment().getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
  }

  @Test
  void whatThePspReportsByItselfDecidesOnceAndForAll() {
    // Asked on schedule it knows of no action: only what it reports by itself changes that here.
    script =
        call ->
            switch (call.getCallCase()) {
              case AUTHORIZE -> pending(call, "https://psp/3ds");
              case GET_OPERATION ->
                  Future.succeededFuture(
                      answer(call).setPending(Pending.getDefaultInstance()).build());
              default -> done(call);
            };
    Payment waiting = node.create("t", Requests.payment("told-1", "tok", 100)).getPayment();
    assertThat(waiting.getState()).isEqualTo(PaymentState.PAYMENT_STATE_REQUIRES_ACTION);
    ConnectorCall authorize =
        calls.stream().filter(ConnectorCall::hasAuthorize).findFirst().orElseThrow();

    OperationResult later = TestNode.await(pending(authorize, "https://psp/step-2"));
    assertThat(report(waiting, later).getReported().getDuplicate()).isFalse();
    assertThat(report(waiting, later).getReported().getDuplicate()).isTrue();
    OperationResult done = TestNode.await(done(authorize));
    assertThat(report(waiting, done).getReported().getDuplicate()).isFalse();
    eventually("told-1", PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(report(waiting, done).getReported().getDuplicate()).isTrue();
    // Late, and the other way round: kept for a person, and nothing changes.
    OperationResult refused = TestNode.await(declined(authorize, "NO"));
    assertThat(report(waiting, refused).hasReported()).isTrue();
    assertThat(report(waiting, later).getReported().getDuplicate()).isTrue();

    ShardReply end = node.create("t", Requests.payment("told-1", "tok", 100));
    assertThat(end.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(end.getPayment().getVersion()).isEqualTo(7);
    assertThat(calls).filteredOn(ConnectorCall::hasAuthorize).hasSize(1);
  }

  @Test
  void aReportOfAnotherAmountIsNeverBooked() {
    script = call -> pending(call, "https://psp/3ds");
    Payment waiting = node.create("t", Requests.payment("told-2", "tok", 100)).getPayment();
    ConnectorCall authorize =
        calls.stream().filter(ConnectorCall::hasAuthorize).findFirst().orElseThrow();
    OperationResult.Builder twisted = TestNode.await(done(authorize)).toBuilder();
    twisted.getDoneBuilder().getAmountBuilder().setMinorUnits(101);
    assertThat(report(waiting, twisted.build()).hasReported()).isTrue();
    eventually("told-2", PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
  }

  @Test
  void aReportAboutNothingOfTheConnectorIsRefused() {
    script = call -> pending(call, "https://psp/3ds");
    Payment waiting = node.create("t", Requests.payment("told-3", "tok", 100)).getPayment();
    ConnectorCall authorize =
        calls.stream().filter(ConnectorCall::hasAuthorize).findFirst().orElseThrow();
    OperationResult done = TestNode.await(done(authorize));
    assertThat(report("other", waiting, done).getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_OPERATION_NOT_FOUND);
    OperationResult unknown = done.toBuilder().setOperationKey("saga_x/authorize").build();
    assertThat(report(waiting, unknown).getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_OPERATION_NOT_FOUND);
  }

  // ---- settlement on report

  private static CreatePaymentRequest paidOutLater(String key) {
    return Requests.payment(key, "tok", 100).toBuilder().setConnector("paying-out-later").build();
  }

  private static OperationResult settlement(ConnectorCall capture, long minorUnits) {
    return OperationResult.newBuilder()
        .setOperationKey(capture.getCapture().getOperationKey())
        .setKind(OperationKind.OPERATION_KIND_SETTLEMENT)
        .setDone(
            Done.newBuilder()
                .setConnectorReference("payout-1")
                .setAmount(Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(minorUnits)))
        .build();
  }

  private ConnectorCall capture() {
    return calls.stream().filter(ConnectorCall::hasCapture).findFirst().orElseThrow();
  }

  private List<String> booked(Payment payment) {
    return ledger.of(payment.getPaymentId()).stream()
        .map(t -> t.getDebitAccount().isEmpty() ? t.getKind().name() : t.getDebitAccount())
        .sorted()
        .toList();
  }

  @Test
  void fundsArePendingUntilThePspReportsTheirSettlementOnce() {
    script = call -> done(call);
    ShardReply rests = node.create("t", paidOutLater("later-1"));
    Payment captured = rests.getPayment();
    assertThat(rests.getAtRest()).isTrue();
    assertThat(captured.getState()).isEqualTo(PaymentState.PAYMENT_STATE_CAPTURED);
    assertThat(booked(captured))
        .containsExactly("TRANSFER_KIND_POST_HOLD", "psp_receivable:paying-out-later");

    OperationResult report = settlement(capture(), 100);
    assertThat(report(captured, report).getReported().getDuplicate()).isFalse();
    assertThat(report(captured, report).getReported().getDuplicate()).isTrue();
    eventually(paidOutLater("later-1"), PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(report(captured, report).getReported().getDuplicate()).isTrue();
    assertThat(booked(captured)).hasSize(3).contains("merchant:acme:pending");
    Payment settled = node.create("t", paidOutLater("later-1")).getPayment();
    // created, authorized, captured, settled, completed: each once.
    assertThat(settled.getVersion()).isEqualTo(5);
  }

  @Test
  void aSettlementOfAnotherAmountIsForAPerson() {
    script = call -> done(call);
    Payment captured = node.create("t", paidOutLater("later-2")).getPayment();
    assertThat(report(captured, settlement(capture(), 99)).hasReported()).isTrue();
    eventually(paidOutLater("later-2"), PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
    assertThat(report(captured, settlement(capture(), 100)).hasReported()).isTrue();
    assertThat(booked(captured)).doesNotContain("merchant:acme:pending");

    OperationResult other =
        settlement(capture(), 100).toBuilder()
            .setOperationKey(capture().getCapture().getAuthorizationKey())
            .build();
    assertThat(report(captured, other).getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_OPERATION_NOT_FOUND);
  }

  @Test
  void aSettlementReportedBeforeTheCaptureIsKnownCountsWhenItIs() {
    AtomicBoolean open = new AtomicBoolean();
    script =
        call -> call.hasAuthorize() || open.get() ? done(call) : Future.failedFuture("cut off");
    ShardReply unknown =
        TestNode.await(
            Requests.ask(node.bus(), "t", paidOutLater("later-3"), Duration.ofMillis(300)));
    assertThat(unknown.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_AUTHORIZED);
    OperationResult report = settlement(capture(), 100);
    assertThat(report(unknown.getPayment(), report).getReported().getDuplicate()).isFalse();
    assertThat(report(unknown.getPayment(), report).getReported().getDuplicate()).isTrue();
    open.set(true);
    eventually(paidOutLater("later-3"), PaymentState.PAYMENT_STATE_SETTLED);
  }

  private ShardReply report(Payment payment, OperationResult result) {
    return report("t", payment, result);
  }

  private ShardReply report(String tenant, Payment payment, OperationResult result) {
    PaymentId id = PaymentId.parse(payment.getPaymentId()).orElseThrow();
    return TestNode.await(
        node.bus()
            .ask(
                UnitKind.PAYMENT_SHARD.address(id.shard()),
                ShardRequest.newBuilder()
                    .setTenant(tenant)
                    .setReport(
                        ReportCommand.newBuilder()
                            .setConnector(payment.getConnector())
                            .setPaymentId(payment.getPaymentId())
                            .setResult(result))
                    .build(),
                ShardReply.getDefaultInstance(),
                Duration.ofSeconds(5)));
  }

  @Test
  void aVoidThatThePspRefusesCallsAPerson() {
    script =
        call ->
            call.hasAuthorize() ? done(call) : declined(call, call.hasVoid() ? "NO_VOID" : "NO");
    ShardReply reply = node.create("t", Requests.payment("void-1", "tok", 100));

    assertThat(reply.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
    assertThat(reply.getPayment().getFailure().getCode()).isEqualTo("COMPENSATION_FAILED");
    assertThat(reply.getPayment().getAmountAuthorized().getMinorUnits()).isEqualTo(100);
  }

  @Test
  void aVoidWithoutAnswerIsSentAgainUnderItsKey() {
    AtomicInteger voids = new AtomicInteger();
    script =
        call ->
            call.hasCapture()
                ? declined(call, "NO")
                : call.hasVoid() && voids.incrementAndGet() < 3
                    ? Future.failedFuture("connection reset")
                    : done(call);
    ShardReply reply = node.create("t", Requests.payment("void-2", "tok", 100));

    assertThat(reply.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(calls)
        .filteredOn(ConnectorCall::hasVoid)
        .hasSize(3)
        .extracting(call -> call.getVoid().toBuilder().clearDeadline().build())
        .containsOnly(calls.getLast().getVoid().toBuilder().clearDeadline().build());
  }

  @Test
  void aConnectorThatIsNotThereIsGivenUp() {
    CreatePaymentRequest request =
        Requests.payment("gone-1", "tok", 100).toBuilder().setConnector("gone").build();
    ShardReply reply =
        TestNode.await(Requests.ask(node.bus(), "t", request, Duration.ofMillis(700)));

    // Undoing needs the connector as well: the payment waits for it rather than guess.
    assertThat(reply.getAtRest()).isFalse();
    assertThat(reply.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_PENDING);
    node.bus().serveLocal("connector.gone", ConnectorCall.getDefaultInstance(), call -> done(call));
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () -> node.create("t", request).getPayment().getFailure().getCode(),
            "CONNECTOR_UNAVAILABLE"::equals);
  }

  @Test
  void workBeyondTheLimitIsRefusedAndLeavesNothingBehind(VertxTestContext test) throws Exception {
    Promise<Void> open = Promise.promise();
    script = call -> open.future().compose(opened -> done(call));
    int lanes = 2;
    List<CreatePaymentRequest> requests = new ArrayList<>();
    for (int i = 0; i < IN_FLIGHT_MAX * lanes * 4; i++) {
      requests.add(Requests.payment("busy-" + i, "tok", 100));
    }
    List<CreatePaymentRequest> refused = new ArrayList<>();
    for (CreatePaymentRequest request : requests) {
      TestNode.await(
          Requests.ask(node.bus(), "t", request, Duration.ZERO)
              .otherwise(
                  failure -> {
                    assertThat(((BusException) failure).failure()).isEqualTo(BusFailure.BUSY);
                    refused.add(request);
                    return ShardReply.getDefaultInstance();
                  }));
    }
    test.verify(() -> assertThat(refused).hasSize(requests.size() - IN_FLIGHT_MAX * lanes));
    open.complete();
    Checkpoint settled = test.checkpoint(IN_FLIGHT_MAX * lanes);
    requests.removeAll(refused);
    for (CreatePaymentRequest request : requests) {
      eventually(request.getIdempotencyKey(), PaymentState.PAYMENT_STATE_SETTLED);
      settled.flag();
    }
    ShardReply later = node.create("t", refused.getFirst());
    test.verify(() -> assertThat(later.getReplayed()).isFalse());
    assertThat(test.awaitCompletion(10, TimeUnit.SECONDS)).isTrue();
  }

  private void eventually(String key, PaymentState state) {
    eventually(Requests.payment(key, "tok", 100), state);
  }

  private void eventually(CreatePaymentRequest request, PaymentState state) {
    await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                TestNode.await(
                        Requests.ask(node.bus(), "t", request, Duration.ZERO)
                            .otherwise(busy -> ShardReply.getDefaultInstance()))
                    .getPayment()
                    .getState(),
            state::equals);
  }
}
