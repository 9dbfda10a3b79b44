package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.proto.risk.v1.AssessRequest;
import dev.ducat.proto.risk.v1.AssessResponse;
import dev.ducat.proto.risk.v1.Verdict;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Row;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A risk service over HTTP/2 that answers byte for byte as each test says. */
@ExtendWith(VertxExtension.class)
final class RiskTest {
  private static final String TENANT = "shop";
  private static final Duration DEADLINE = Duration.ofMillis(400);
  private static final ShardSettings SHORT_LEASES =
      new ShardSettings(
          64, 8, 4, Duration.ofMillis(1500), Duration.ofMillis(300), Duration.ofSeconds(5));

  private final RecordingLedger ledger = new RecordingLedger();
  private final PgSettings postgres = TestDatabase.create();
  private final List<AssessRequest> asked = new CopyOnWriteArrayList<>();
  private final List<String> paths = new CopyOnWriteArrayList<>();
  private volatile Consumer<HttpServerResponse> script =
      response -> answer(response, Verdict.VERDICT_ALLOW);
  @TempDir Path folder;
  private Vertx vertx;
  private HttpServer service;
  private @Nullable SagaNode node;

  @BeforeEach
  void start(Vertx vertx) {
    this.vertx = vertx;
    service =
        TestNode.await(
            vertx
                .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0))
                .requestHandler(this::serve)
                .listen());
  }

  @AfterEach
  void stop() {
    if (node != null) {
      node.close();
    }
    TestNode.await(service.close());
  }

  private void serve(HttpServerRequest request) {
    paths.add(request.path());
    request.bodyHandler(
        body -> {
          try {
            asked.add(AssessRequest.parseFrom(body.getBytes(5, body.length())));
          } catch (InvalidProtocolBufferException broken) {
            throw new IllegalStateException(broken);
          }
          script.accept(request.response());
        });
  }

  private static void answer(HttpServerResponse response, Verdict verdict) {
    AssessResponse answer =
        AssessResponse.newBuilder()
            .setVerdict(verdict)
            .setReason("STOLEN_CARD")
            .setMessage("reported on Monday")
            .setReference("risk-7")
            .build();
    byte[] bytes = answer.toByteArray();
    send(
        response,
        Buffer.buffer().appendByte((byte) 0).appendInt(bytes.length).appendBytes(bytes),
        "0");
  }

  private static void send(HttpServerResponse response, Buffer body, String status) {
    response.putHeader("content-type", "application/grpc");
    response.putTrailer("grpc-status", status);
    response.end(body);
  }

  private SagaSettings settings(Duration deadline, boolean allowWhenSilent) {
    return SagaSettings.defaults(folder.resolve("journal"))
        .withRisk(new RiskTerms("127.0.0.1", service.actualPort(), deadline, allowWhenSilent, 256));
  }

  private SagaNode node(boolean allowWhenSilent) {
    SagaNode started =
        SagaNode.start(
            TestNode.start(vertx, postgres, "node-1", SHORT_LEASES, new SystemClock()),
            settings(DEADLINE, allowWhenSilent),
            ledger);
    node = started;
    return started;
  }

  private static Payment pay(SagaNode node, String key) {
    return node.create(TENANT, Requests.payment(key, "sim_ok", 100)).getPayment();
  }

  private void assertFailed(Payment payment, String code) {
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo(code);
    assertThat(payment.getFailure().getStep()).isEqualTo("validate");
    assertThat(ledger.of(payment.getPaymentId())).isEmpty();
  }

  private static void assertSettled(Payment payment) {
    assertThat(payment.getState()).as("%s", payment).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
  }

  private static SagaData dataOf(SagaNode node, Payment payment) {
    Row row =
        one(
            node,
            "select data from payment.saga where idempotency_key = '%s'",
            payment.getIdempotencyKey());
    try {
      return SagaData.parseFrom(row.getBuffer("data").getBytes());
    } catch (InvalidProtocolBufferException broken) {
      throw new IllegalStateException(broken);
    }
  }

  private static Row one(SagaNode node, String sql, String value) {
    return TestNode.await(node.testNode().node().queries().query(sql.formatted(value)).execute())
        .iterator()
        .next();
  }

  @Test
  void whatItAllowsIsMadeAndItHearsTheFacts() {
    SagaNode node = node(false);
    Payment payment = pay(node, "allow-1");

    assertSettled(payment);
    assertThat(payment.getVersion()).isEqualTo(5);
    assertThat(paths).containsExactly("/ducat.risk.v1.RiskService/Assess");
    AssessRequest facts = asked.getFirst();
    assertThat(facts.getPaymentId()).isEqualTo(payment.getPaymentId());
    assertThat(facts.getTenant()).isEqualTo(TENANT);
    assertThat(facts.getMerchantAccount()).isEqualTo("acme");
    assertThat(facts.getAmount()).isEqualTo(payment.getAmount());
    assertThat(facts.getPaymentMethod()).isEqualTo("sim_ok");
    assertThat(facts.getMetadataMap()).containsEntry("cart", "7");
    assertThat(dataOf(node, payment).getAssessment().getReference()).isEqualTo("risk-7");
  }

  @Test
  void whatItDeclinesFailsBeforeAnythingIsHeldAndStaysSo() {
    script = response -> answer(response, Verdict.VERDICT_DECLINE);
    SagaNode node = node(true);
    Payment payment = pay(node, "decline-1");

    assertFailed(payment, "RISK_DECLINED");
    assertThat(payment.getFailure().getMessage()).isEqualTo("STOLEN_CARD: reported on Monday");
    // It would say yes now, and is not asked.
    script = response -> answer(response, Verdict.VERDICT_ALLOW);
    ShardReply again = node.create(TENANT, Requests.payment("decline-1", "sim_ok", 100));
    assertThat(again.getReplayed()).isTrue();
    assertThat(again.getPayment()).isEqualTo(payment);
    assertThat(asked).hasSize(1);
  }

  @Test
  void whatAPersonShouldReviewIsMadeAndAudited() {
    script = response -> answer(response, Verdict.VERDICT_REVIEW);
    SagaNode node = node(false);
    Payment payment = pay(node, "review-1");

    assertSettled(payment);
    assertThat(
            one(
                    node,
                    "select type from outbox.event where topic = 'ducat.audit.v1' and key = '%s'",
                    payment.getPaymentId())
                .getString(0))
        .isEqualTo("dev.ducat.audit.risk_review.v1");
  }

  private List<Consumer<HttpServerResponse>> silences() {
    Buffer garbage = Buffer.buffer(new byte[] {0, 0, 0, 0, 3, -1, -1, -1});
    List<Consumer<HttpServerResponse>> silences = new ArrayList<>();
    silences.add(response -> {});
    silences.add(
        response -> vertx.setTimer(2_000, late -> answer(response, Verdict.VERDICT_ALLOW)));
    silences.add(response -> send(response, garbage, "0"));
    silences.add(response -> send(response, Buffer.buffer(), "0"));
    silences.add(response -> send(response, Buffer.buffer(), "13"));
    silences.add(response -> send(response, Buffer.buffer(), "3"));
    silences.add(response -> response.setStatusCode(503).end());
    silences.add(response -> response.reset(8));
    silences.add(response -> answer(response, Verdict.VERDICT_UNSPECIFIED));
    silences.add(
        response ->
            // A verdict of a later version.
            send(response, Buffer.buffer(new byte[] {0, 0, 0, 0, 2, 8, 99}), "0"));
    return silences;
  }

  @Test
  void silenceInEveryShapeDeclinesWhereThatIsStated() {
    SagaNode node = node(false);
    int i = 0;
    for (Consumer<HttpServerResponse> silence : silences()) {
      script = silence;
      assertFailed(pay(node, "no-" + i++), "RISK_UNAVAILABLE");
    }
  }

  @Test
  void silenceInEveryShapeAllowsWhereThatIsStated() {
    SagaNode node = node(true);
    int i = 0;
    for (Consumer<HttpServerResponse> silence : silences()) {
      script = silence;
      Payment payment = pay(node, "yes-" + i++);
      assertSettled(payment);
      assertThat(dataOf(node, payment).getAssessment().getSilent()).isTrue();
      assertThat(
              one(
                      node,
                      "select step || ' ' || outcome from payment.attempt where saga_id ="
                          + " (select saga_id from payment.saga where idempotency_key = '%s')",
                      payment.getIdempotencyKey())
                  .getString(0))
          .isEqualTo("VALIDATE UNKNOWN");
    }
  }

  /** Twenty calls without answer, and it is left alone: payments do not wait for it any more. */
  @Test
  void aDeadServiceCostsItsDeadlineOnlyForAWhile() {
    script = response -> response.reset(8);
    SagaNode node = node(true);
    for (int i = 0; i < 20; i++) {
      assertSettled(pay(node, "dead-" + i));
    }
    int heard = asked.size();
    assertSettled(pay(node, "dead-more"));
    assertThat(asked).hasSize(heard);
    TestNode.await(service.close());
    assertSettled(pay(node, "dead-gone"));
  }

  @Test
  void validateOnlyAsksTooAndStoresNothing() {
    SagaNode node = node(false);
    Payment allowed = Requests.rehearse(node.bus(), TENANT, Requests.payment("dry-1", "sim_ok", 7));
    assertThat(allowed.getState()).isEqualTo(PaymentState.PAYMENT_STATE_UNSPECIFIED);
    assertThat(asked.getLast().getPaymentId()).isEmpty();
    assertThat(asked.getLast().getAmount().getMinorUnits()).isEqualTo(7);

    script = response -> answer(response, Verdict.VERDICT_DECLINE);
    Payment declined =
        Requests.rehearse(node.bus(), TENANT, Requests.payment("dry-1", "sim_ok", 7));
    assertThat(declined.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(declined.getFailure().getCode()).isEqualTo("RISK_DECLINED");
    assertThat(declined.getFailure().getStep()).isEqualTo("validate");

    script = response -> {};
    assertThat(
            Requests.rehearse(node.bus(), TENANT, Requests.payment("dry-1", "sim_ok", 7))
                .getFailure()
                .getCode())
        .isEqualTo("RISK_UNAVAILABLE");
    assertThat(asked).hasSize(3);
    assertThat(one(node, "select count(*) from payment.saga where tenant <> '%s'", "").getLong(0))
        .isZero();
  }

  /** The first owner never hears an answer; its successor asks anew, and decides once. */
  @Test
  void whoTakesOverAQuestionAsksAgain() {
    List<HttpServerResponse> held = new CopyOnWriteArrayList<>();
    script = held::add;
    Duration patient = Duration.ofSeconds(8);
    TestNode first = TestNode.start(vertx, postgres, "node-1", SHORT_LEASES, new SystemClock());
    try (SagaNode left = SagaNode.start(first, settings(patient, false), ledger)) {
      Payment begun =
          TestNode.await(
                  Requests.ask(
                      left.bus(), TENANT, Requests.payment("left-1", "sim_ok", 100), Duration.ZERO))
              .getPayment();
      assertThat(begun.getState()).isEqualTo(PaymentState.PAYMENT_STATE_PENDING);
      await().until(() -> held.size() == 1);
      // It goes on believing, as a paused process does.
      TestNode.await(first.node().leases().stop());

      script = response -> answer(response, Verdict.VERDICT_ALLOW);
      TestNode apart = TestNode.apart(postgres, "node-2", SHORT_LEASES, new SystemClock());
      try (SagaNode second = SagaNode.start(apart, settings(patient, false), ledger)) {
        Payment payment = pay(second, "left-1");
        assertThat(payment.getPaymentId()).isEqualTo(begun.getPaymentId());
        assertSettled(payment);
        assertThat(asked).hasSize(2);
        assertThat(asked.get(1)).isEqualTo(asked.get(0));
        // The first one's answer comes at last, and is another: it changes nothing.
        vertx.runOnContext(now -> answer(held.getFirst(), Verdict.VERDICT_DECLINE));
        assertThat(pay(second, "left-1")).isEqualTo(payment);
      }
    }
  }

  /** The verdict is stored with the next intent: whoever takes over then does not ask. */
  @Test
  void aStoredVerdictIsNotAskedForAgain() {
    TestNode first = TestNode.start(vertx, postgres, "node-1", SHORT_LEASES, new SystemClock());
    try (SagaNode left = SagaNode.start(first, settings(Duration.ofSeconds(8), false), ledger)) {
      var request = Requests.payment("stored-1", "sim_slow_2500", 100);
      TestNode.await(Requests.ask(left.bus(), TENANT, request, Duration.ZERO));
      await()
          .until(
              () ->
                  one(
                          left,
                          "select step from payment.saga where idempotency_key = '%s'",
                          "stored-1")
                      .getString(0)
                      .equals("AUTHORIZE"));
      TestNode.await(first.node().leases().stop());
      script = response -> answer(response, Verdict.VERDICT_DECLINE);
      TestNode apart = TestNode.apart(postgres, "node-2", SHORT_LEASES, new SystemClock());
      try (SagaNode second = SagaNode.start(apart, settings(DEADLINE, false), ledger)) {
        assertSettled(second.create(TENANT, request).getPayment());
        assertThat(asked).hasSize(1);
      }
    }
  }
}
