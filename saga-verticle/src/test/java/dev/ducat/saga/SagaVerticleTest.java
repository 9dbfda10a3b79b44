package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.internal.v1.EventsAfter;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferResult;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.saga.connector.JournalEntry;
import dev.ducat.saga.connector.SimulatorJournal;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One node, real Postgres, the simulator: payments of every kind from request to end. */
@ExtendWith(VertxExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class SagaVerticleTest {
  private static final String TENANT = "t1";

  private final RecordingLedger ledger = new RecordingLedger();
  private Path journal;
  private SagaNode node;

  @BeforeAll
  void start(Vertx vertx, @TempDir Path folder) {
    journal = folder.resolve("simulator.journal");
    ConnectorTerms quick =
        new ConnectorTerms(
            Duration.ofMillis(600),
            Duration.ofMillis(300),
            Duration.ofDays(1),
            Duration.ofHours(1));
    RetryTerms retry = RetryTerms.defaults();
    SagaSettings settings =
        SagaSettings.defaults(journal)
            .withFees(Fee.NONE, Map.of("taxed", new Fee(250, 10)))
            .withConnectors(Map.of("simulator", quick, "limited", quick), "simulator")
            .withRetry(
                new RetryTerms(
                    new Backoff(Duration.ofMillis(10), Duration.ofMillis(50)),
                    4,
                    new Backoff(Duration.ofMillis(50), Duration.ofMillis(200)),
                    new Backoff(Duration.ofMillis(20), Duration.ofMillis(100)),
                    retry.undoMax(),
                    retry.notSent()));
    node = SagaNode.start(vertx, settings, ledger);
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @Test
  void settlesAPaymentInFiveEventsAndThreeCommits() {
    ShardReply reply = node.create(TENANT, Requests.payment("ok-1", "sim_ok", 1250));

    Payment payment = reply.getPayment();
    assertThat(reply.getReplayed()).isFalse();
    assertThat(reply.getAtRest()).isTrue();
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(payment.getVersion()).isEqualTo(5);
    assertThat(payment.getAmountCaptured().getMinorUnits()).isEqualTo(1250);
    assertThat(payment.getAmountCapturable().getMinorUnits()).isZero();
    assertThat(typesOf(payment))
        .containsExactly("created", "authorized", "captured", "settled", "completed");
    assertThat(eventsOf(payment).getLast().getPayment()).isEqualTo(payment);
    assertThat(get(payment.getPaymentId())).isEqualTo(payment);
    assertThat(ledger.of(payment.getPaymentId()).stream().map(NewTransfer::getKind))
        .containsExactlyInAnyOrder(
            TransferKind.TRANSFER_KIND_HOLD,
            TransferKind.TRANSFER_KIND_POST_HOLD,
            TransferKind.TRANSFER_KIND_POST);
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(1250, 1250, 0, 0));
    Row saga = sagaOf(payment);
    assertThat(saga.getString("state")).isEqualTo("DONE");
    assertThat(saga.getString("outcome")).isEqualTo("DONE");
    assertThat(saga.getLong("version")).isEqualTo(3);
  }

  @Test
  void takesTheFeeFromWhatBecomesAvailable() {
    var request = Requests.payment("fee-1", "sim_ok", 10_000).toBuilder();
    Payment payment = node.create(TENANT, request.setMerchantAccount("taxed").build()).getPayment();

    PaymentEvent settled = eventsOf(payment).get(3);
    assertThat(settled.getDetail().getSettled().getFee().getMinorUnits()).isEqualTo(260);
    List<NewTransfer> posts =
        ledger.of(payment.getPaymentId()).stream()
            .filter(t -> t.getKind() == TransferKind.TRANSFER_KIND_POST)
            .toList();
    assertThat(posts).hasSize(2);
    assertThat(settled.getDetail().getSettled().getTransferIdsList())
        .containsExactlyInAnyOrderElementsOf(
            posts.stream().map(NewTransfer::getTransferId).toList());
  }

  @Test
  void aDeclinedAuthorizationReleasesTheHoldAndFails() {
    Payment payment =
        node.create(TENANT, Requests.payment("decl-1", "sim_decline_authorize", 500)).getPayment();

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo("DECLINED");
    assertThat(payment.getFailure().getStep()).isEqualTo("authorize");
    assertThat(payment.getAmountAuthorized().getMinorUnits()).isZero();
    assertThat(typesOf(payment)).containsExactly("created", "failed");
    assertThat(kindsOf(payment))
        .containsExactlyInAnyOrder(
            TransferKind.TRANSFER_KIND_HOLD, TransferKind.TRANSFER_KIND_VOID_HOLD);
    assertThat(attemptsOf(payment)).containsExactly("AUTHORIZE ACT 1 DECLINED");
  }

  @Test
  void aDeclinedCaptureReversesTheAuthorizationAndIsAudited() {
    Payment payment =
        node.create(TENANT, Requests.payment("cap-1", "sim_decline_capture", 700)).getPayment();

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getStep()).isEqualTo("capture");
    assertThat(payment.getVersion()).isEqualTo(4);
    assertThat(typesOf(payment))
        .containsExactly("created", "authorized", "authorization_reversed", "failed");
    assertThat(kindsOf(payment))
        .containsExactlyInAnyOrder(
            TransferKind.TRANSFER_KIND_HOLD, TransferKind.TRANSFER_KIND_VOID_HOLD);
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(700, 0, 700, 0));
    Row audit =
        single(
            "select type, version from outbox.event where topic = 'ducat.audit.v1' and key = '%s'"
                .formatted(payment.getPaymentId()));
    assertThat(audit.getString("type")).isEqualTo("dev.ducat.audit.compensation.v1");
    assertThat(audit.getLong("version")).isZero();
  }

  @Test
  void retryableErrorsAreRetriedUnderTheSameKeyUntilItWorks() {
    Payment payment =
        node.create(TENANT, Requests.payment("err-1", "sim_error_3", 900)).getPayment();

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(attemptsOf(payment))
        .containsExactly(
            "AUTHORIZE ACT 1 RETRYABLE", "AUTHORIZE ACT 2 RETRYABLE", "AUTHORIZE ACT 3 RETRYABLE");
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(900, 900, 0, 0));
  }

  @Test
  void errorsWithoutEndAreGivenUpAndEverythingIsReleased() {
    Payment payment =
        node.create(TENANT, Requests.payment("err-2", "sim_error_99", 900)).getPayment();

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo("CONNECTOR_UNAVAILABLE");
    assertThat(typesOf(payment)).containsExactly("created", "failed");
    assertThat(kindsOf(payment))
        .containsExactlyInAnyOrder(
            TransferKind.TRANSFER_KIND_HOLD, TransferKind.TRANSFER_KIND_VOID_HOLD);
    assertThat(SimulatorJournal.read(journal).entries())
        .anyMatch(
            entry ->
                entry.paymentId().equals(payment.getPaymentId())
                    && entry.result() == JournalEntry.Result.TOMBSTONE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sim_timeout_authorize", "sim_timeout_capture", "sim_slow_900"})
  void anOperationThatIsNotAnsweredIsAskedAboutNotRepeated(String method) {
    Payment payment =
        node.create(TENANT, Requests.payment("silent-" + method, method, 1100)).getPayment();

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(psp(payment)).isEqualTo(new SimulatorJournal.Totals(1100, 1100, 0, 0));
    assertThat(attemptsOf(payment)).isNotEmpty().allMatch(a -> a.endsWith("UNKNOWN"));
    assertThat(SimulatorJournal.read(journal).effectsByOperation().values())
        .allMatch(times -> times == 1);
  }

  @Test
  void anAnswerWithAnotherAmountIsForAPersonAndNeverBooked() {
    ShardReply reply = node.create(TENANT, Requests.payment("wrong-1", "sim_wrong_amount", 300));

    assertThat(reply.getAtRest()).isTrue();
    assertThat(reply.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
    assertThat(reply.getPayment().getFailure().getCode()).isEqualTo("ANSWER_MISMATCH");
    assertThat(kindsOf(reply.getPayment())).containsExactly(TransferKind.TRANSFER_KIND_HOLD);
    Row saga = sagaOf(reply.getPayment());
    assertThat(saga.getString("state")).isEqualTo("NEEDS_ATTENTION");
    assertThat(saga.getBoolean("finished")).isFalse();
  }

  @Test
  void aHoldThatTheLedgerRefusesFailsThePaymentBeforeThePspHearsOfIt() {
    ledger.refuse("psp_receivable:limited", TransferResult.TRANSFER_RESULT_EXCEEDS_DEBITS);
    var request = Requests.payment("ledger-1", "sim_ok", 300).toBuilder().setConnector("limited");
    Payment payment = node.create(TENANT, request.build()).getPayment();

    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo("LIMIT_EXCEEDED");
    assertThat(psp(payment)).isNull();
    assertThat(ledger.of(payment.getPaymentId())).isEmpty();
  }

  @Test
  void aPaymentAboveTheLimitIsRecordedAsFailed() {
    ShardReply first = node.create(TENANT, Requests.payment("limit-1", "sim_ok", Long.MAX_VALUE));
    ShardReply again = node.create(TENANT, Requests.payment("limit-1", "sim_ok", Long.MAX_VALUE));

    assertThat(first.getPayment().getFailure().getCode()).isEqualTo("LIMIT_EXCEEDED");
    assertThat(typesOf(first.getPayment())).containsExactly("created", "failed");
    assertThat(again.getReplayed()).isTrue();
    assertThat(again.getPayment()).isEqualTo(first.getPayment());
  }

  @Test
  void theSameKeyAndRequestAnswersWithTheSamePayment() {
    ShardReply first = node.create(TENANT, Requests.payment("same-1", "sim_ok", 100));
    ShardReply again = node.create(TENANT, Requests.payment("same-1", "sim_ok", 100));

    assertThat(again.getReplayed()).isTrue();
    assertThat(again.getAtRest()).isTrue();
    assertThat(again.getPayment()).isEqualTo(first.getPayment());
    assertThat(node.create("t2", Requests.payment("same-1", "sim_ok", 100)).getReplayed())
        .isFalse();
  }

  @Test
  void manyAtOnceUnderOneKeyMeetInOnePayment() {
    List<Future<ShardReply>> asked = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      asked.add(Requests.ask(node.bus(), TENANT, Requests.payment("herd-1", "sim_slow_50", 100)));
    }
    TestNode.await(Future.join(asked));

    assertThat(asked)
        .extracting(f -> f.result().getPayment())
        .containsOnly(asked.getFirst().result().getPayment());
    assertThat(asked).filteredOn(f -> !f.result().getReplayed()).hasSize(1);
    assertThat(asked).allMatch(f -> f.result().getAtRest());
  }

  @Test
  void theSameKeyWithAnotherRequestIsRefusedNamingTheField() {
    node.create(TENANT, Requests.payment("other-1", "sim_ok", 100));
    ShardReply amount = node.create(TENANT, Requests.payment("other-1", "sim_ok", 101));
    ShardReply method = node.create(TENANT, Requests.payment("other-1", "sim_error_1", 100));
    Future<ShardReply> running =
        Requests.ask(node.bus(), TENANT, Requests.payment("other-2", "sim_slow_300", 100));
    ShardReply whileRunning =
        node.create(
            TENANT,
            Requests.payment("other-2", "sim_slow_300", 100).toBuilder()
                .putMetadata("cart", "8")
                .build());

    assertThat(amount.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_IDEMPOTENCY_KEY_REUSED);
    assertThat(amount.getRefusal().getField()).isEqualTo("amount");
    assertThat(method.getRefusal().getField()).isEqualTo("payment_method");
    assertThat(whileRunning.getRefusal().getField()).isEqualTo("metadata");
    assertThat(TestNode.await(running).getPayment().getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
  }

  @Test
  void whoDoesNotWaitIsAnsweredAfterTheFirstCommit() {
    var request = Requests.payment("nowait-1", "sim_slow_200", 100);
    ShardReply at0 = TestNode.await(Requests.ask(node.bus(), TENANT, request, Duration.ZERO));
    ShardReply at50 =
        TestNode.await(Requests.ask(node.bus(), TENANT, request, Duration.ofMillis(50)));
    ShardReply end = node.create(TENANT, request);

    assertThat(at0.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_PENDING);
    assertThat(at0.getPayment().getVersion()).isEqualTo(1);
    assertThat(at0.getAtRest()).isFalse();
    assertThat(at50.getAtRest()).isFalse();
    assertThat(at50.getReplayed()).isTrue();
    assertThat(end.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
  }

  @Test
  void aKeyThatTwoShardsClaimAtOnceIsStillOnePayment() {
    // No gateway sends one key to two shards; if something did, the unique index would decide.
    List<Future<ShardReply>> asked = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      var request = Requests.payment("race-" + i / 2, "sim_ok", 100);
      asked.add(
          node.bus()
              .ask(
                  UnitKind.PAYMENT_SHARD.address(i % 2),
                  Requests.command(TENANT, request, Duration.ZERO),
                  ShardReply.getDefaultInstance(),
                  Duration.ofSeconds(15)));
    }
    TestNode.await(Future.join(asked).otherwiseEmpty());

    Row count =
        single(
            "select count(*), count(distinct idempotency_key) from payment.saga where idempotency_key like 'race-%'");
    assertThat(count.getLong(0)).isEqualTo(20);
    assertThat(count.getLong(1)).isEqualTo(20);
    assertThat(asked)
        .filteredOn(Future::failed)
        .allMatch(f -> ((BusException) f.cause()).failure() == BusFailure.UNAVAILABLE);
  }

  @Test
  void whatThisVersionCannotDoIsRefusedAndLeavesTheKeyFree() {
    var elsewhere = Requests.payment("free-1", "sim_ok", 100).toBuilder().setConnector("nowhere");

    assertThat(node.create(TENANT, elsewhere.build()).getRefusal().getField())
        .isEqualTo("connector");
    assertThat(node.create(TENANT, Requests.payment("free-1", "sim_ok", 100)).getReplayed())
        .isFalse();
  }

  @Test
  void stepsAreHotUpdates() {
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () -> {
              // A backend tells its statistics at the end of a transaction, at most once a second.
              for (int i = 0; i < 10; i++) {
                node.create(TENANT, Requests.payment("hot-" + UUID.randomUUID(), "sim_ok", 100));
              }
              // Payments never leave their page; a saga does once, when `finished` takes it out of
              // its index. Counted now, which may be more than the statistics have heard of yet.
              long finished =
                  single("select count(*) as finished from payment.saga where finished")
                      .getLong("finished");
              Row payment = statistics("payment");
              assertThat(payment.getLong("updated")).isGreaterThan(20);
              assertThat(payment.getLong("hot")).isGreaterThan(payment.getLong("updated") * 9 / 10);
              Row saga = statistics("saga");
              long steps = saga.getLong("updated") - finished;
              assertThat(steps).isGreaterThan(20);
              assertThat(saga.getLong("hot")).isGreaterThan(steps * 9 / 10);
            });
  }

  private Row statistics(String table) {
    return single(
        "select n_tup_upd as updated, n_tup_hot_upd as hot from pg_stat_user_tables"
            + " where schemaname = 'payment' and relname = '"
            + table
            + "'");
  }

  private List<TransferKind> kindsOf(Payment payment) {
    return ledger.of(payment.getPaymentId()).stream().map(NewTransfer::getKind).toList();
  }

  private SimulatorJournal.@Nullable Totals psp(Payment payment) {
    return SimulatorJournal.read(journal).totalsByPayment().get(payment.getPaymentId());
  }

  private List<String> attemptsOf(Payment payment) {
    List<String> attempts = new ArrayList<>();
    TestNode.await(
            node.testNode()
                .node()
                .queries()
                .preparedQuery(
                    "select step, phase, number, outcome from payment.attempt where payment_id = $1 order by attempt_id")
                .execute(Tuple.of(PaymentId.parse(payment.getPaymentId()).orElseThrow().uuid())))
        .forEach(
            row ->
                attempts.add(
                    "%s %s %d %s"
                        .formatted(
                            row.getString(0),
                            row.getString(1),
                            row.getInteger(2),
                            row.getString(3))));
    return attempts;
  }

  private Row sagaOf(Payment payment) {
    return single(
        "select * from payment.saga where payment_id = '%s'"
            .formatted(PaymentId.parse(payment.getPaymentId()).orElseThrow().uuid()));
  }

  private Payment get(String paymentId) {
    return query(PaymentQueryRequest.newBuilder().setPaymentId(paymentId)).getPayment();
  }

  private PaymentQueryReply query(PaymentQueryRequest.Builder query) {
    return TestNode.await(Requests.query(node.bus(), query.setTenant(TENANT).build()));
  }

  private List<PaymentEvent> eventsOf(Payment payment) {
    return query(
            PaymentQueryRequest.newBuilder()
                .setEvents(EventsAfter.newBuilder().setPaymentId(payment.getPaymentId())))
        .getEvents()
        .getEventsList();
  }

  private List<String> typesOf(Payment payment) {
    return eventsOf(payment).stream()
        .map(e -> e.getType().replace("dev.ducat.payment.", "").replace(".v1", ""))
        .toList();
  }

  private Row single(String sql) {
    RowSet<Row> rows = TestNode.await(node.testNode().node().queries().query(sql).execute());
    assertThat(rows.size()).isEqualTo(1);
    return rows.iterator().next();
  }
}
