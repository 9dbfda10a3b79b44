package dev.ducat.saga;

import static dev.ducat.saga.PspAnswers.done;
import static dev.ducat.saga.PspAnswers.pending;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.payments.v1.RefundState;
import dev.ducat.proto.payments.v1.StepOutcome;
import dev.ducat.proto.payments.v1.StepRun;
import dev.ducat.proto.payments.v1.TimelineEntry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the PSP knows and Ducat does not, learned because somebody reads; polls are days away. */
@ExtendWith(VertxExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AskingOnReadTest {
  private static final String TENANT = "t";
  private static final Duration DAYS = Duration.ofDays(30);

  private final List<ConnectorCall> calls = new CopyOnWriteArrayList<>();
  private volatile Function<ConnectorCall, Future<OperationResult>> script = PspAnswers::done;
  private SagaNode node;

  @BeforeAll
  void start(Vertx vertx, @TempDir Path folder) {
    RetryTerms standard = RetryTerms.defaults();
    ConnectorTerms terms =
        new ConnectorTerms(Duration.ofSeconds(3), DAYS, DAYS.multipliedBy(2), Duration.ofHours(1))
            .withActionTimeout(DAYS);
    SagaSettings settings =
        SagaSettings.defaults(folder.resolve("journal"))
            .withConnectors(Map.of("scripted", terms), "scripted")
            .withRetry(
                new RetryTerms(
                    standard.authorize().pause(),
                    standard.authorize().attemptsMax(),
                    new Backoff(DAYS, DAYS),
                    standard.undo(),
                    standard.undoMax(),
                    standard.notSent()));
    node = SagaNode.start(vertx, settings, new RecordingLedger());
    node.bus()
        .serveLocal(
            "connector.scripted",
            ConnectorCall.getDefaultInstance(),
            call -> {
              calls.add(call);
              return script.apply(call);
            });
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
  void whoReadsAPendingPaymentLearnsThatItIsDone() {
    script = call -> call.hasAuthorize() ? pending(call, "https://psp/3ds") : done(call);
    Payment waiting = begin("pending-1");
    assertThat(questions()).isZero();
    eventuallySettled(get(waiting));
  }

  @Test
  void whoLooksAnUnknownPaymentUpLearnsThatItIsDone() {
    script = call -> call.hasAuthorize() ? Future.failedFuture("cut off") : done(call);
    begin("unknown-1");
    assertThat(questions()).isZero();
    eventuallySettled(
        PaymentQueryRequest.newBuilder().setTenant(TENANT).setIdempotencyKey("unknown-1").build());
  }

  @Test
  void whoExplainsAPaymentWithAnUnknownCaptureLearnsThatItIsDone() {
    script = call -> call.hasCapture() ? Future.failedFuture("cut off") : done(call);
    Payment waiting = begin("unknown-2");
    PaymentQueryRequest explain =
        PaymentQueryRequest.newBuilder()
            .setTenant(TENANT)
            .setExplainPaymentId(waiting.getPaymentId())
            .build();
    StepRun capture =
        read(explain).getTimeline().getEntriesList().stream()
            .map(TimelineEntry::getStep)
            .filter(step -> step.getOutcome() == StepOutcome.STEP_OUTCOME_UNKNOWN)
            .findAny()
            .orElseThrow();
    assertThat(capture.getStep()).isEqualTo("capture");
    assertThat(Times.fromProto(capture.getNextAttemptTime())).isAfter(Instant.now());
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () -> read(explain).getTimeline().getPayment().getState(),
            PaymentState.PAYMENT_STATE_SETTLED::equals);
  }

  @Test
  void whoReadsAnUnknownRefundLearnsThatItIsDone() {
    script = call -> call.hasRefund() ? Future.failedFuture("cut off") : done(call);
    Payment settled = begin("refund-1");
    ShardReply asked =
        TestNode.await(
            Requests.ask(
                node.bus(),
                TENANT,
                Requests.refund(settled.getPaymentId(), "r1", 100),
                Duration.ofMillis(300)));
    assertThat(asked.getRefund().getState()).isEqualTo(RefundState.REFUND_STATE_PENDING);
    PaymentQueryRequest get =
        PaymentQueryRequest.newBuilder()
            .setTenant(TENANT)
            .setRefundId(asked.getRefund().getRefundId())
            .build();
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> read(get).getRefund().getState(), RefundState.REFUND_STATE_SUCCEEDED::equals);
  }

  @Test
  void readingInALoopAsksOnceASecond() {
    script = call -> pending(call, "https://psp/3ds");
    Payment waiting = begin("loop-1");
    Instant began = Instant.now();
    await()
        .atMost(Duration.ofSeconds(15))
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              read(get(waiting));
              return questions() >= 3;
            });
    assertThat(Duration.between(began, Instant.now())).isGreaterThan(Duration.ofSeconds(2));
    // Another tenant's eyes move nothing.
    long asked = questions();
    PaymentQueryReply foreign = read(get(waiting).toBuilder().setTenant("other").build());
    assertThat(foreign.hasRefusal()).isTrue();
    assertThat(questions()).isEqualTo(asked);
  }

  private Payment begin(String key) {
    return TestNode.await(
            Requests.ask(
                node.bus(), TENANT, Requests.payment(key, "tok", 100), Duration.ofMillis(300)))
        .getPayment();
  }

  private static PaymentQueryRequest get(Payment payment) {
    return PaymentQueryRequest.newBuilder()
        .setTenant(TENANT)
        .setPaymentId(payment.getPaymentId())
        .build();
  }

  private PaymentQueryReply read(PaymentQueryRequest query) {
    return TestNode.await(Requests.query(node.bus(), query));
  }

  private void eventuallySettled(PaymentQueryRequest query) {
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () -> read(query).getPayment().getState(), PaymentState.PAYMENT_STATE_SETTLED::equals);
  }

  private long questions() {
    return calls.stream().filter(ConnectorCall::hasGetOperation).count();
  }
}
