package dev.ducat.launcher.check;

import static dev.ducat.launcher.testing.Api.eur;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.client.Answer;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.launcher.events.EventReader;
import dev.ducat.launcher.testing.Api;
import dev.ducat.launcher.testing.TestHouse;
import dev.ducat.proto.connector.v1.Declined;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.NotFound;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.events.v1.AuditEvent;
import dev.ducat.proto.operations.v1.CompensateSagaRequest;
import dev.ducat.proto.operations.v1.GetRelayStatusRequest;
import dev.ducat.proto.operations.v1.GetSagaRequest;
import dev.ducat.proto.operations.v1.ListSagasRequest;
import dev.ducat.proto.operations.v1.ListSagasResponse;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcClient;
import dev.ducat.proto.operations.v1.RelaySlotState;
import dev.ducat.proto.operations.v1.RelayStatus;
import dev.ducat.proto.operations.v1.ResolveSagaRequest;
import dev.ducat.proto.operations.v1.RetrySagaRequest;
import dev.ducat.proto.operations.v1.Saga;
import dev.ducat.proto.operations.v1.SagaFilter;
import dev.ducat.proto.operations.v1.SagaKind;
import dev.ducat.proto.operations.v1.SagaState;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import io.vertx.grpc.common.ServiceMethod;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What operators do about payments whose outcome nobody can tell, over gRPC on a whole house: the
 * PSP took the authorization and never says so. Whatever they decide, every invariant holds after
 * it, and the decision is in the audit topic.
 */
final class OperatorScenariosTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private static Path data = Path.of("unset");

  @SuppressWarnings("NullAway.Init")
  private static AuditedHouse house;

  @SuppressWarnings("NullAway.Init")
  private static Api api;

  @SuppressWarnings("NullAway.Init")
  private static DucatClient client;

  private static int keys;

  @BeforeAll
  static void start() {
    TestHouse started =
        TestHouse.start(
            data,
            "0bp+0",
            Map.of(
                "DUCAT_CONNECTORS_SIMULATOR_DEADLINE", "500ms",
                "DUCAT_CONNECTORS_SIMULATOR_UNKNOWN_MAX", "500ms"));
    house = new AuditedHouse(started, new ClientHistory());
    api = new Api(started);
    client = new DucatClient("default");
  }

  @AfterAll
  static void stop() {
    client.close();
    api.close();
    house.close();
  }

  @AfterEach
  void everyInvariantHolds() {
    assertThat(new Drain(house.house().foundation().services()).await(LIMIT)).isTrue();
    assertThat(house.audit().findings())
        .allSatisfy(one -> assertThat(one.violations()).as(one.id()).isEmpty());
    assertThat(api.verify()).isEmpty();
  }

  // ---- calls

  private static Payment pay(String method, CaptureMode mode) {
    CreatePaymentRequest request =
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey("attended-" + keys++)
            .setAmount(eur(1_000))
            .setPaymentMethod(method)
            .setMerchantAccount("acme")
            .setCaptureMode(mode)
            .setMaxWait(Durations.fromSeconds(10))
            .build();
    Payment payment = api.ask(PaymentServiceGrpcClient.CreatePayment, request);
    house
        .history()
        .add(
            "client",
            new ClientHistory.Sent(
                "default", request.getIdempotencyKey(), 1_000, "EUR", "acme", method),
            new ClientHistory.Answered(
                payment.getPaymentId(),
                payment.getVersion(),
                payment.getState().name(),
                1_000,
                "EUR"));
    return payment;
  }

  /** A payment that nobody knows anything about, and its saga, as an operator finds them. */
  private static Saga inDoubt() {
    Payment payment = pay("sim_unknown_forever", CaptureMode.CAPTURE_MODE_AUTOMATIC);
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
    return parked(payment.getPaymentId());
  }

  private static Saga parked(String paymentId) {
    List<Saga> found =
        list(
            SagaFilter.newBuilder()
                .addStates(SagaState.SAGA_STATE_NEEDS_ATTENTION)
                .setPaymentId(paymentId));
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  private static List<Saga> list(SagaFilter.Builder filter) {
    return api.operate(
            OperationsServiceGrpcClient.ListSagas,
            ListSagasRequest.newBuilder().setFilter(filter).build())
        .getSagasList();
  }

  private static Saga get(String sagaId) {
    return api.operate(
        OperationsServiceGrpcClient.GetSaga, GetSagaRequest.newBuilder().setSagaId(sagaId).build());
  }

  private static Saga retry(Saga saga) {
    return api.operate(OperationsServiceGrpcClient.RetrySaga, retryOf(saga).build());
  }

  private static RetrySagaRequest.Builder retryOf(Saga saga) {
    return RetrySagaRequest.newBuilder()
        .setSagaId(saga.getSagaId())
        .setReason("the PSP is back, ticket 17");
  }

  private static Saga compensate(Saga saga) {
    return api.operate(OperationsServiceGrpcClient.CompensateSaga, compensateOf(saga));
  }

  private static CompensateSagaRequest compensateOf(Saga saga) {
    return CompensateSagaRequest.newBuilder()
        .setSagaId(saga.getSagaId())
        .setReason("the payer does not want to wait")
        .build();
  }

  private static ResolveSagaRequest.Builder resolve(Saga saga) {
    return ResolveSagaRequest.newBuilder()
        .setSagaId(saga.getSagaId())
        .setReason("looked up in the PSP's dashboard")
        .setOperationKey(saga.getOperationKey());
  }

  private static Saga resolved(ResolveSagaRequest.Builder request) {
    return api.operate(OperationsServiceGrpcClient.ResolveSaga, request.build());
  }

  private static Done done(long amount) {
    return Done.newBuilder().setConnectorReference("sim-looked-up").setAmount(eur(amount)).build();
  }

  private static Payment ends(Saga saga, PaymentState state) {
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(payment(saga).getState()).isEqualTo(state));
    return payment(saga);
  }

  private static Payment payment(Saga saga) {
    return api.ask(
        PaymentServiceGrpcClient.GetPayment,
        GetPaymentRequest.newBuilder().setPaymentId(saga.getPaymentId()).build());
  }

  private static <Q extends Message, A extends Message> Answer<A> answer(
      ServiceMethod<A, Q> method, Q request) {
    return Api.await(
        client.call(
            Addresses.parse(house.house().node().info().operations()), method, request, LIMIT));
  }

  private static <Q extends Message, A extends Message> CallFailure refused(
      ServiceMethod<A, Q> method, Q request) {
    CallFailure failure =
        catchThrowableOfType(CallFailure.class, () -> api.operate(method, request));
    assertThat(failure).as("%s", request).isNotNull();
    return failure;
  }

  /** What the audit topic says about a person's decisions on this saga, in order. */
  private static List<AuditEvent> audited(Saga saga, int count) {
    List<AuditEvent> found = new ArrayList<>();
    try (EventReader reader = EventReader.open(house.kafka(), List.of(Topics.AUDIT), true)) {
      await()
          .atMost(LIMIT)
          .until(
              () -> {
                for (ConsumerRecord<String, byte[]> record : reader.poll(Duration.ofMillis(200))) {
                  AuditEvent event = parse(record);
                  if (event.getType().equals("dev.ducat.audit.operator_action.v1")
                      && event.getResource().equals(saga.getSagaId())) {
                    found.add(event);
                  }
                }
                return found.size() >= count;
              });
    }
    assertThat(found).hasSize(count);
    return found;
  }

  private static AuditEvent parse(ConsumerRecord<String, byte[]> record) {
    try {
      return AuditEvent.parseFrom(record.value());
    } catch (InvalidProtocolBufferException broken) {
      throw new AssertionError(broken);
    }
  }

  // ---- scenarios

  @Test
  void aSagaInDoubtIsListedWithWhyAndForHowLong() {
    Saga saga = inDoubt();

    assertThat(saga.getKind()).isEqualTo(SagaKind.SAGA_KIND_CREATE);
    assertThat(saga.getStep()).isEqualTo("authorize");
    assertThat(saga.getOutcomeUnknown()).isTrue();
    assertThat(saga.getFailure().getCode()).isEqualTo("OUTCOME_UNKNOWN");
    assertThat(saga.getOutstanding().getKind()).isEqualTo(OperationKind.OPERATION_KIND_AUTHORIZE);
    assertThat(saga.getOutstanding().getAmount()).isEqualTo(eur(1_000));
    assertThat(saga.getOutstanding().hasUnknownSinceTime()).isTrue();

    Saga whole = get(saga.getSagaId());
    assertThat(whole.getAttemptsList()).isNotEmpty();
    assertThat(whole.getNodeId()).isEqualTo("test");
    assertThat(whole.getEpoch()).isPositive();
    assertThat(whole.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);

    // It stands still: the longer one waits, the longer it is unchanged.
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(
                        list(SagaFilter.newBuilder().setStuckLongerThan(Durations.fromMillis(700))))
                    .extracting(Saga::getSagaId)
                    .contains(saga.getSagaId()));
    assertThat(Durations.toMillis(get(saga.getSagaId()).getUnchangedFor()))
        .isGreaterThanOrEqualTo(700);
    assertThat(list(SagaFilter.newBuilder().setStuckLongerThan(Durations.fromHours(1)))).isEmpty();
    assertThat(list(SagaFilter.newBuilder().setTenant("stranger"))).isEmpty();
    compensate(saga);
    ends(saga, PaymentState.PAYMENT_STATE_FAILED);
  }

  /** It polls, and each poll changes its row; it waits for the same nevertheless. */
  @Test
  void askingAgainAndAgainIsStandingStill() {
    Payment payment = pay("sim_action_60000", CaptureMode.CAPTURE_MODE_AUTOMATIC);
    Saga begun = list(SagaFilter.newBuilder().setPaymentId(payment.getPaymentId())).getFirst();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              Saga saga = get(begun.getSagaId());
              assertThat(saga.getOutstanding().getPolls()).isGreaterThanOrEqualTo(3);
              // Longer than its row: the polls in between do not count.
              Duration rowUnchanged = Duration.between(time(saga.getUpdateTime()), Instant.now());
              assertThat(Durations.toMillis(saga.getUnchangedFor()))
                  .isGreaterThan(rowUnchanged.toMillis());
            });
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(
                        list(SagaFilter.newBuilder().setStuckLongerThan(Durations.fromMillis(700))))
                    .extracting(Saga::getSagaId)
                    .contains(begun.getSagaId()));
    api.ask(
        PaymentServiceGrpcClient.CancelPayment,
        CancelPaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setIdempotencyKey("cancel-" + payment.getPaymentId())
            .build());
    ends(begun, PaymentState.PAYMENT_STATE_CANCELED);
  }

  private static Instant time(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }

  @Test
  void statedAsDoneItGoesOnToItsEnd() {
    Saga saga = inDoubt();
    ResolveSagaRequest.Builder stated = resolve(saga).setVersion(saga.getVersion());

    Saga after = resolved(stated.setDone(done(1_000)));
    assertThat(after.getVersion()).isEqualTo(saga.getVersion() + 1);

    Payment payment = ends(saga, PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(payment.getAmountCaptured()).isEqualTo(eur(1_000));
    assertThat(payment.hasFailure()).isFalse();
    // The same statement again, even with the version that it was made about, changes nothing.
    Saga again = resolved(stated);
    assertThat(again.getState()).isEqualTo(SagaState.SAGA_STATE_DONE);
    AuditEvent audit = audited(saga, 1).getFirst();
    assertThat(audit.getAction()).isEqualTo("ResolveSaga");
    assertThat(audit.getActor()).isEqualTo("operator");
    assertThat(audit.getReason()).isEqualTo("looked up in the PSP's dashboard");
    assertThat(audit.getDetailsMap())
        .containsEntry("outcome", "DONE")
        .containsEntry("operation_key", saga.getOperationKey())
        .containsEntry("payment_id", saga.getPaymentId())
        .containsEntry("connector_reference", "sim-looked-up");
  }

  @Test
  void statedAsDeclinedItFailsAndWhatThePspHoldsAfterAllIsVoided() {
    Saga saga = inDoubt();

    resolved(resolve(saga).setDeclined(Declined.newBuilder().setReasonCode("NOT_TAKEN")));

    Payment payment = ends(saga, PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo("NOT_TAKEN");
    assertThat(audited(saga, 1).getFirst().getDetailsMap()).containsEntry("outcome", "DECLINED");
  }

  @Test
  void statedAsNeverHappenedItIsSentAgainUnderTheSameKey() {
    Saga saga = inDoubt();

    resolved(resolve(saga).setNeverHappened(NotFound.getDefaultInstance()));

    // This PSP has it and does not answer this time either.
    await().atMost(LIMIT).until(() -> get(saga.getSagaId()).getAttempt() > saga.getAttempt());
    ends(saga, PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
    Saga again = parked(saga.getPaymentId());
    assertThat(again.getOperationKey()).isEqualTo(saga.getOperationKey());
    resolved(resolve(again).setDone(done(1_000)));
    ends(saga, PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(audited(saga, 2))
        .extracting(audit -> audit.getDetailsMap().get("outcome"))
        .containsExactly("NOT_FOUND", "DONE");
  }

  @Test
  void retriedItIsAskedAboutBeforeAnythingElse() {
    Saga saga = inDoubt();

    Saga after = retry(saga);
    assertThat(after.getState()).isIn(SagaState.SAGA_STATE_RUNNING, SagaState.SAGA_STATE_WAITING);
    assertThat(after.getOutcomeUnknown()).isTrue();

    await().atMost(LIMIT).until(() -> get(saga.getSagaId()).getVersion() > after.getVersion() + 1);
    ends(saga, PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
    resolved(resolve(parked(saga.getPaymentId())).setDone(done(1_000)));
    ends(saga, PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(audited(saga, 2))
        .extracting(AuditEvent::getAction)
        .containsExactly("RetrySaga", "ResolveSaga");
  }

  @Test
  void givenUpItIsVoidedAndReleased() {
    Saga saga = inDoubt();

    compensate(saga);

    Payment payment = ends(saga, PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo("GIVEN_UP");
    await()
        .atMost(LIMIT)
        .until(() -> get(saga.getSagaId()).getState() == SagaState.SAGA_STATE_COMPENSATED);
    // Once more: it is undone already.
    assertThat(compensate(saga).getState()).isEqualTo(SagaState.SAGA_STATE_COMPENSATED);
    assertThat(audited(saga, 1).getFirst().getAction()).isEqualTo("CompensateSaga");
  }

  @Test
  void aSettledPaymentIsGivenBackByARefund() {
    Payment payment = pay("sim_ok", CaptureMode.CAPTURE_MODE_AUTOMATIC);
    Saga saga = list(SagaFilter.newBuilder().setPaymentId(payment.getPaymentId())).getFirst();

    Saga begun = compensate(saga);

    assertThat(begun.getKind()).isEqualTo(SagaKind.SAGA_KIND_REFUND);
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(payment(saga).getAmountRefunded()).isEqualTo(eur(1_000)));
    // Once more: it is given back already, and nothing is left that could be.
    assertThat(compensate(saga).getSagaId()).isEqualTo(begun.getSagaId());
    assertThat(payment(saga).getAmountRefunded()).isEqualTo(eur(1_000));
    assertThat(audited(saga, 1).getFirst().getDetailsMap())
        .containsEntry("begun_saga_id", begun.getSagaId());
  }

  @Test
  void whatWasCapturedLaterIsGivenBackByItsCapturesSaga() {
    Payment payment = pay("sim_ok", CaptureMode.CAPTURE_MODE_MANUAL);
    api.ask(
        PaymentServiceGrpcClient.CapturePayment,
        CapturePaymentRequest.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setIdempotencyKey("capture")
            .setAmount(eur(600))
            .build());
    Map<SagaKind, Saga> sagas =
        list(SagaFilter.newBuilder().setPaymentId(payment.getPaymentId())).stream()
            .collect(Collectors.toMap(Saga::getKind, saga -> saga));
    Saga created = Objects.requireNonNull(sagas.get(SagaKind.SAGA_KIND_CREATE));
    Saga captured = Objects.requireNonNull(sagas.get(SagaKind.SAGA_KIND_CAPTURE));
    ends(captured, PaymentState.PAYMENT_STATE_SETTLED);

    assertThat(
            refused(OperationsServiceGrpcClient.CompensateSaga, compensateOf(created))
                .details()
                .reason())
        .isEqualTo("SAGA_ENDED");
    compensate(captured);
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(payment(created).getAmountRefunded()).isEqualTo(eur(600)));
  }

  @Test
  void underOneKeyItIsDecidedOnce() {
    Saga saga = inDoubt();
    ResolveSagaRequest stated =
        resolve(saga)
            .setVersion(saga.getVersion())
            .setIdempotencyKey("decision-1")
            .setDone(done(1_000))
            .build();
    Answer<Saga> first = answer(OperationsServiceGrpcClient.ResolveSaga, stated);
    assertThat(first.replayed()).isFalse();
    ends(saga, PaymentState.PAYMENT_STATE_SETTLED);

    Answer<Saga> again = answer(OperationsServiceGrpcClient.ResolveSaga, stated);
    assertThat(again.replayed()).isTrue();
    assertThat(again.message().getSagaId()).isEqualTo(saga.getSagaId());
    assertThat(again.message().getState()).isEqualTo(SagaState.SAGA_STATE_DONE);
    CallFailure reused =
        refused(
            OperationsServiceGrpcClient.ResolveSaga,
            stated.toBuilder().setReason("another one").build());
    assertThat(reused.details().reason()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
    assertThat(reused.explain()).contains("reason");

    // The key belongs to its RPC. What it began is what it answers with, whatever came later.
    CompensateSagaRequest back =
        compensateOf(saga).toBuilder().setIdempotencyKey("decision-1").build();
    Saga begun = answer(OperationsServiceGrpcClient.CompensateSaga, back).message();
    assertThat(begun.getKind()).isEqualTo(SagaKind.SAGA_KIND_REFUND);
    await()
        .atMost(LIMIT)
        .until(() -> get(begun.getSagaId()).getState() == SagaState.SAGA_STATE_DONE);
    Answer<Saga> backAgain = answer(OperationsServiceGrpcClient.CompensateSaga, back);
    assertThat(backAgain.replayed()).isTrue();
    assertThat(backAgain.message().getSagaId()).isEqualTo(begun.getSagaId());
    assertThat(payment(saga).getAmountRefunded()).isEqualTo(eur(1_000));
    assertThat(audited(saga, 2))
        .extracting(AuditEvent::getAction)
        .containsExactly("ResolveSaga", "CompensateSaga");
  }

  @Test
  void whatDoesNotFitIsRefusedWithItsReasonAndChangesNothing() {
    Saga saga = inDoubt();

    assertThat(
            refused(
                    OperationsServiceGrpcClient.ResolveSaga,
                    resolve(saga).setDone(done(999)).build())
                .details()
                .reason())
        .isEqualTo("AMOUNT_MISMATCH");
    assertThat(
            refused(
                    OperationsServiceGrpcClient.ResolveSaga,
                    resolve(saga).setOperationKey("other").setDone(done(1_000)).build())
                .details()
                .reason())
        .isEqualTo("SAGA_NOT_IN_DOUBT");
    assertThat(
            refused(
                    OperationsServiceGrpcClient.RetrySaga,
                    retryOf(saga).setVersion(saga.getVersion() - 1).build())
                .details()
                .reason())
        .isEqualTo("VERSION_MISMATCH");
    CallFailure wordless =
        refused(OperationsServiceGrpcClient.RetrySaga, retryOf(saga).setReason("").build());
    assertThat(wordless.details().reason()).isEqualTo("INVALID_REQUEST");
    assertThat(wordless.explain()).contains("reason");
    assertThat(get(saga.getSagaId()).getVersion()).isEqualTo(saga.getVersion());

    compensate(saga);
    ends(saga, PaymentState.PAYMENT_STATE_FAILED);
    assertThat(
            refused(OperationsServiceGrpcClient.RetrySaga, retryOf(saga).build())
                .details()
                .reason())
        .isEqualTo("SAGA_ENDED");
    audited(saga, 1);
  }

  @Test
  void theClockOfAnOpenAuthorizationSleeps() {
    Payment payment = pay("sim_ok", CaptureMode.CAPTURE_MODE_MANUAL);
    Saga clock =
        list(SagaFilter.newBuilder().setPaymentId(payment.getPaymentId())).stream()
            .filter(saga -> saga.getKind() == SagaKind.SAGA_KIND_EXPIRE)
            .findFirst()
            .orElseThrow();

    assertThat(
            refused(OperationsServiceGrpcClient.RetrySaga, retryOf(clock).build())
                .details()
                .reason())
        .isEqualTo("SAGA_SLEEPS");
    assertThat(
            refused(OperationsServiceGrpcClient.CompensateSaga, compensateOf(clock))
                .details()
                .reason())
        .isEqualTo("SAGA_SLEEPS");
    assertThat(list(SagaFilter.newBuilder().setStuckLongerThan(Durations.ZERO)))
        .extracting(Saga::getSagaId)
        .doesNotContain(clock.getSagaId());
  }

  @Test
  void whoNamesATenantFindsOnlyItsSagas() {
    Saga saga =
        list(SagaFilter.newBuilder()
                .setPaymentId(pay("sim_ok", CaptureMode.CAPTURE_MODE_AUTOMATIC).getPaymentId()))
            .getFirst();
    GetSagaRequest request = GetSagaRequest.newBuilder().setSagaId(saga.getSagaId()).build();
    var node = Addresses.parse(house.house().node().info().operations());
    try (DucatClient stranger = new DucatClient("stranger");
        DucatClient everybody = new DucatClient("")) {
      CallFailure foreign =
          catchThrowableOfType(
              CallFailure.class,
              () ->
                  Api.await(
                      stranger.call(node, OperationsServiceGrpcClient.GetSaga, request, LIMIT)));
      assertThat(foreign.details().reason()).isEqualTo("SAGA_NOT_FOUND");
      CallFailure decided =
          catchThrowableOfType(
              CallFailure.class,
              () ->
                  Api.await(
                      stranger.call(
                          node,
                          OperationsServiceGrpcClient.CompensateSaga,
                          compensateOf(saga),
                          LIMIT)));
      assertThat(decided.details().reason()).isEqualTo("SAGA_NOT_FOUND");
      ListSagasResponse none =
          Api.await(
                  stranger.call(
                      node,
                      OperationsServiceGrpcClient.ListSagas,
                      ListSagasRequest.getDefaultInstance(),
                      LIMIT))
              .message();
      assertThat(none.getSagasList()).isEmpty();
      assertThat(
              Api.await(everybody.call(node, OperationsServiceGrpcClient.GetSaga, request, LIMIT))
                  .message()
                  .getTenant())
          .isEqualTo("default");
    }
  }

  @Test
  void pagesLeaveNothingOutAndTellNothingTwice() {
    for (int i = 0; i < 3; i++) {
      pay("sim_ok", CaptureMode.CAPTURE_MODE_AUTOMATIC);
    }
    List<String> all = list(SagaFilter.newBuilder()).stream().map(Saga::getSagaId).toList();
    List<String> paged = new ArrayList<>();
    ListSagasRequest.Builder request = ListSagasRequest.newBuilder().setPageSize(2);
    do {
      ListSagasResponse page = api.operate(OperationsServiceGrpcClient.ListSagas, request.build());
      page.getSagasList().forEach(saga -> paged.add(saga.getSagaId()));
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    assertThat(paged).isEqualTo(all).doesNotHaveDuplicates();
    assertThat(
            refused(
                    OperationsServiceGrpcClient.ListSagas,
                    ListSagasRequest.newBuilder().setPageToken("foreign").build())
                .details()
                .reason())
        .isEqualTo("INVALID_REQUEST");
  }

  @Test
  void theRelayTellsHowFarItIs() {
    pay("sim_ok", CaptureMode.CAPTURE_MODE_AUTOMATIC);
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              RelayStatus status =
                  api.operate(
                      OperationsServiceGrpcClient.GetRelayStatus,
                      GetRelayStatusRequest.getDefaultInstance());
              assertThat(status.getSlotsList())
                  .hasSize(4)
                  .allSatisfy(
                      slot -> {
                        assertThat(slot.getState())
                            .isEqualTo(RelaySlotState.RELAY_SLOT_STATE_RUNNING);
                        assertThat(slot.getNodeId()).isEqualTo("test");
                        assertThat(slot.getEpoch()).isPositive();
                      });
              assertThat(
                      status.getSlotsList().stream()
                          .flatMap(slot -> slot.getStreamsList().stream())
                          .mapToLong(stream -> stream.getHead())
                          .sum())
                  .isEqualTo(Long.parseLong(house.one("select count(*) from outbox.event")));
              assertThat(status.getLagEvents()).isZero();
              assertThat(Durations.toMillis(status.getLag())).isZero();
            });
  }
}
