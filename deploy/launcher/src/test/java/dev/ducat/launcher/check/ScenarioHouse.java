package dev.ducat.launcher.check;

import static dev.ducat.launcher.testing.Api.eur;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Message;
import com.google.protobuf.util.Durations;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.events.EventDecoder;
import dev.ducat.launcher.events.EventReader;
import dev.ducat.launcher.psp.SimulatorServer;
import dev.ducat.launcher.testing.Api;
import dev.ducat.launcher.testing.TestHouse;
import dev.ducat.proto.events.v1.AuditEvent;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.operations.v1.ListSagasRequest;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcClient;
import dev.ducat.proto.operations.v1.RetrySagaRequest;
import dev.ducat.proto.operations.v1.Saga;
import dev.ducat.proto.operations.v1.SagaFilter;
import dev.ducat.proto.operations.v1.SagaState;
import dev.ducat.proto.payments.v1.Attempt;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.ExplainPaymentRequest;
import dev.ducat.proto.payments.v1.GetPaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.PaymentTimeline;
import dev.ducat.proto.payments.v1.TimelineEntry;
import dev.ducat.saga.connector.JournalEntry;
import dev.ducat.saga.connector.SimulatorJournal;
import dev.ducat.saga.connector.SimulatorJournal.Totals;
import io.vertx.grpc.common.ServiceMethod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A house on which scenarios are told: payments of ten euros, what became of them by every witness,
 * and the audit of all invariants after each. PSPs in other processes write to its one journal.
 */
final class ScenarioHouse implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(30);

  private final AuditedHouse audited;
  private final Api api;
  private final List<SimulatorServer> psps = new ArrayList<>();
  private final AtomicInteger keys = new AtomicInteger();

  private ScenarioHouse(AuditedHouse audited) {
    this.audited = audited;
    this.api = new Api(audited.house());
  }

  static ScenarioHouse start(Path data, Map<String, String> variables) {
    return new ScenarioHouse(
        new AuditedHouse(TestHouse.start(data, "0bp+0", variables), new ClientHistory()));
  }

  /** A port for a PSP that can only start after the house that it reports to. */
  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException none) {
      throw new UncheckedIOException(none);
    }
  }

  void psp(int port, SimulatorServer.@Nullable Ducat ducat) {
    psps.add(SimulatorServer.start("127.0.0.1", port, audited.journal(), ducat));
  }

  AuditedHouse audited() {
    return audited;
  }

  Api api() {
    return api;
  }

  String key() {
    return "scenario-" + keys.incrementAndGet();
  }

  void everyInvariantHolds() {
    assertThat(new Drain(audited.house().foundation().services()).await(LIMIT)).isTrue();
    assertThat(audited.audit().findings())
        .allSatisfy(one -> assertThat(one.violations()).as(one.id()).isEmpty());
    assertThat(api.verify()).isEmpty();
  }

  // ---- calls

  /** Ten euros to a merchant. */
  CreatePaymentRequest.Builder request(String method) {
    return CreatePaymentRequest.newBuilder()
        .setIdempotencyKey(key())
        .setAmount(eur(1_000))
        .setPaymentMethod(method)
        .setMerchantAccount("acme")
        .setMaxWait(Durations.fromSeconds(10));
  }

  Payment pay(CreatePaymentRequest.Builder wanted) {
    CreatePaymentRequest request = wanted.build();
    Payment payment = api.ask(PaymentServiceGrpcClient.CreatePayment, request);
    audited
        .history()
        .add(
            "client",
            new ClientHistory.Sent(
                "default",
                request.getIdempotencyKey(),
                1_000,
                "EUR",
                request.getMerchantAccount(),
                request.getPaymentMethod()),
            new ClientHistory.Answered(
                payment.getPaymentId(),
                payment.getVersion(),
                payment.getState().name(),
                1_000,
                "EUR"));
    return payment;
  }

  Payment get(Payment payment) {
    return api.ask(
        PaymentServiceGrpcClient.GetPayment,
        GetPaymentRequest.newBuilder().setPaymentId(payment.getPaymentId()).build());
  }

  Payment ends(Payment payment, PaymentState state) {
    await().atMost(LIMIT).untilAsserted(() -> assertThat(get(payment).getState()).isEqualTo(state));
    return get(payment);
  }

  <Q extends Message, A extends Message> CallFailure refused(
      ServiceMethod<A, Q> method, Q request) {
    CallFailure failure = catchThrowableOfType(CallFailure.class, () -> api.ask(method, request));
    assertThat(failure).as("%s", request).isNotNull();
    return failure;
  }

  // ---- operators

  Saga parked(Payment payment) {
    List<Saga> found =
        api.operate(
                OperationsServiceGrpcClient.ListSagas,
                ListSagasRequest.newBuilder()
                    .setFilter(
                        SagaFilter.newBuilder()
                            .addStates(SagaState.SAGA_STATE_NEEDS_ATTENTION)
                            .setPaymentId(payment.getPaymentId()))
                    .build())
            .getSagasList();
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  void retry(Payment payment) {
    api.operate(
        OperationsServiceGrpcClient.RetrySaga,
        RetrySagaRequest.newBuilder()
            .setSagaId(parked(payment).getSagaId())
            .setReason("the PSP was asked on the phone")
            .build());
  }

  // ---- witnesses

  /** What the PSP really did for it. */
  Totals psp(Payment payment) {
    return SimulatorJournal.read(audited.journal())
        .totalsByPayment()
        .getOrDefault(payment.getPaymentId(), new Totals(0, 0, 0, 0));
  }

  List<JournalEntry> journal(Payment payment) {
    return SimulatorJournal.read(audited.journal()).entries().stream()
        .filter(entry -> entry.paymentId().equals(payment.getPaymentId()))
        .toList();
  }

  PaymentTimeline explain(Payment payment) {
    return api.ask(
        PaymentServiceGrpcClient.ExplainPayment,
        ExplainPaymentRequest.newBuilder().setPaymentId(payment.getPaymentId()).build());
  }

  /** The attempts that did not simply succeed: step and outcome, in order. */
  List<String> attempts(Payment payment) {
    return explain(payment).getEntriesList().stream()
        .filter(TimelineEntry::hasAttempt)
        .map(TimelineEntry::getAttempt)
        .map(ScenarioHouse::told)
        .toList();
  }

  private static String told(Attempt attempt) {
    return attempt.getStep()
        + " "
        + attempt.getOutcome().name().substring("STEP_OUTCOME_".length());
  }

  /** Its events in Kafka, by version; whoever reads them disturbs nobody. */
  List<PaymentEvent> events(Payment payment) {
    return records(Topics.PAYMENTS).stream()
        .map(PaymentEvent.class::cast)
        .filter(event -> event.getPaymentId().equals(payment.getPaymentId()))
        .toList();
  }

  /** The same, by the middle of their types. */
  List<String> history(Payment payment) {
    return events(payment).stream()
        .map(event -> event.getType().replaceAll("^dev\\.ducat\\.payment\\.|\\.v1$", ""))
        .toList();
  }

  void happens(Payment payment, String event) {
    await().atMost(LIMIT).untilAsserted(() -> assertThat(history(payment)).contains(event));
  }

  List<AuditEvent> audits(Payment payment) {
    return records(Topics.AUDIT).stream()
        .filter(AuditEvent.class::isInstance)
        .map(AuditEvent.class::cast)
        .filter(event -> event.getResource().equals(payment.getPaymentId()))
        .toList();
  }

  private List<Message> records(String topic) {
    try (EventReader reader = EventReader.open(audited.kafka(), List.of(topic), true)) {
      return reader.drain().stream().map(EventDecoder::decode).toList();
    }
  }

  @Override
  public void close() {
    api.close();
    audited.close();
    psps.forEach(SimulatorServer::close);
  }
}
