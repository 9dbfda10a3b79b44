package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.internal.v1.EventsAfter;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.Replay;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.ListPaymentsRequest;
import dev.ducat.proto.payments.v1.ListPaymentsResponse;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentFilter;
import dev.ducat.proto.payments.v1.PaymentState;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Reads beside the lanes: what they find, and that a tenant finds nothing of another. */
@ExtendWith(VertxExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class PaymentQueriesTest {
  private SagaNode node;

  @BeforeAll
  void start(Vertx vertx, @TempDir Path folder) {
    node =
        SagaNode.start(
            vertx, SagaSettings.defaults(folder.resolve("journal")), new RecordingLedger());
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @Test
  void findsAPaymentByIdAndKeyWithinItsTenantOnly() {
    Payment payment = node.create("a", Requests.payment("k1", "sim_ok", 10)).getPayment();

    assertThat(byId("a", payment.getPaymentId()).getPayment()).isEqualTo(payment);
    assertThat(byId("a", payment.getPaymentId()).getAtRest()).isTrue();
    assertThat(byKey("a", "k1").getPayment()).isEqualTo(payment);
    assertNotFound(byId("b", payment.getPaymentId()));
    assertNotFound(byKey("b", "k1"));
    assertNotFound(byKey("a", "k2"));
    assertNotFound(byId("a", "pay_nonsense"));
    assertNotFound(byId("a", payment.getPaymentId().replace("pay_", "re_")));
  }

  @Test
  void pagesCoverEveryPaymentOnceWhileOthersAreBeingMade() {
    Set<String> before = create("pages", 0, 60);
    List<Future<ShardReply>> meanwhile = new ArrayList<>();
    List<Payment> seen = new ArrayList<>();
    String token = "";
    int page = 0;
    do {
      for (int i = 0; i < 5; i++) {
        meanwhile.add(
            Requests.ask(node.bus(), "pages", Requests.payment("new-" + page + i, "sim_ok", 5)));
      }
      ListPaymentsResponse answer =
          list("pages", ListPaymentsRequest.newBuilder().setPageSize(7).setPageToken(token).build())
              .getList();
      seen.addAll(answer.getPaymentsList());
      token = answer.getNextPageToken();
      page++;
    } while (!token.isEmpty());
    TestNode.await(Future.join(meanwhile));

    assertThat(seen).extracting(Payment::getPaymentId).doesNotHaveDuplicates().containsAll(before);
    assertThat(seen)
        .extracting(p -> Times.fromProto(p.getCreateTime()))
        .isSortedAccordingTo(java.util.Comparator.reverseOrder());
    // Nothing that was made after the first page was read comes up on later ones.
    assertThat(seen.size() - before.size()).isLessThanOrEqualTo(5);
  }

  @Test
  void filtersCombine() {
    node.create("f", Requests.payment("f1", "sim_ok", 10));
    node.create("f", Requests.payment("f2", "sim_decline_authorize", 20));
    Payment other =
        node.create(
                "f",
                Requests.payment("f3", "sim_ok", 30).toBuilder().setMerchantAccount("zeta").build())
            .getPayment();

    assertThat(amounts("f", PaymentFilter.getDefaultInstance())).containsExactly(30L, 20L, 10L);
    assertThat(amounts("f", PaymentFilter.newBuilder().setReference("order-f2").build()))
        .containsExactly(20L);
    assertThat(amounts("f", PaymentFilter.newBuilder().setMerchantAccount("zeta").build()))
        .containsExactly(30L);
    assertThat(
            amounts(
                "f",
                PaymentFilter.newBuilder()
                    .addStates(PaymentState.PAYMENT_STATE_SETTLED)
                    .setMerchantAccount("acme")
                    .setCreatedBefore(other.getCreateTime())
                    .build()))
        .containsExactly(10L);
    assertThat(
            amounts("f", PaymentFilter.newBuilder().setCreatedAfter(other.getCreateTime()).build()))
        .containsExactly(30L);
    assertThat(amounts("g", PaymentFilter.getDefaultInstance())).isEmpty();
  }

  @Test
  void foreignAndAlteredTokensAreRefused() {
    create("tok", 0, 3);
    ListPaymentsRequest first = ListPaymentsRequest.newBuilder().setPageSize(1).build();
    String token = list("tok", first).getList().getNextPageToken();

    for (String bad :
        List.of("x", token + "A", token.substring(1), token.replace(token.charAt(3), 'Z') + "=")) {
      assertInvalid(list("tok", first.toBuilder().setPageToken(bad).build()), "page_token");
    }
    assertInvalid(list("other", first.toBuilder().setPageToken(token).build()), "page_token");
    assertInvalid(
        list(
            "tok",
            first.toBuilder()
                .setPageToken(token)
                .setFilter(PaymentFilter.newBuilder().setMerchantAccount("acme"))
                .build()),
        "page_token");
    assertInvalid(list("tok", first.toBuilder().setPageSize(-1).build()), "page_size");
  }

  @Test
  void eventsComeInOrderAfterAVersion() {
    Payment payment = node.create("e", Requests.payment("e1", "sim_ok", 10)).getPayment();
    EventsAfter after =
        EventsAfter.newBuilder()
            .setPaymentId(payment.getPaymentId())
            .setAfterVersion(2)
            .setLimit(2)
            .build();
    PaymentQueryReply reply = query("e", PaymentQueryRequest.newBuilder().setEvents(after));

    assertThat(reply.getEvents().getPayment()).isEqualTo(payment);
    assertThat(reply.getEvents().getEventsList())
        .extracting(e -> e.getVersion())
        .containsExactly(3L, 4L);
    assertNotFound(query("z", PaymentQueryRequest.newBuilder().setEvents(after)));
  }

  @Test
  void aReplayIsTrueOnlyIfTheRowSaysSo() {
    ShardReply made = node.create("r", Requests.payment("r1", "sim_ok", 10));
    Replay told =
        Replay.newBuilder()
            .setIdempotencyKey("r1")
            .setPaymentId(made.getPayment().getPaymentId())
            .setFingerprint(made.getFingerprint())
            .build();

    assertThat(replay("r", told).getPayment()).isEqualTo(made.getPayment());
    assertThat(replay("s", told).hasAskShard()).isTrue();
    assertThat(replay("r", told.toBuilder().setIdempotencyKey("r2").build()).hasAskShard())
        .isTrue();
    assertThat(replay("r", told.toBuilder().setPaymentId("pay_x").build()).hasAskShard()).isTrue();
    assertThat(
            replay("r", told.toBuilder().setFingerprint(ByteString.copyFromUtf8("x")).build())
                .hasAskShard())
        .isTrue();
  }

  @Test
  void anOperationsReplayIsTrueOnlyIfTheRowSaysSo() {
    Payment payment = node.create("o", Requests.payment("o1", "sim_ok", 100)).getPayment();
    String id = payment.getPaymentId();
    ShardReply made = node.operate("o", Requests.refund(id, "same", 40));
    Replay told =
        Replay.newBuilder()
            .setMethod("RefundPayment")
            .setPaymentId(id)
            .setIdempotencyKey("same")
            .setResourceId(made.getRefund().getRefundId())
            .setFingerprint(made.getFingerprint())
            .build();

    assertThat(replay("o", told).getRefund()).isEqualTo(made.getRefund());
    assertThat(replay("p", told).hasAskShard()).isTrue();
    List<Replay.Builder> lies =
        List.of(
            told.toBuilder().setMethod("CapturePayment"),
            told.toBuilder().setMethod("CreatePayment"),
            told.toBuilder().setIdempotencyKey("other"),
            told.toBuilder().setPaymentId("pay_x"),
            told.toBuilder().setResourceId(id),
            told.toBuilder().setFingerprint(ByteString.copyFromUtf8("x")));
    lies.forEach(lie -> assertThat(replay("o", lie.build()).hasAskShard()).as("%s", lie).isTrue());
    run("update payment.saga set key_expires_at = now() where method = 'RefundPayment'");
    assertThat(replay("o", told).hasAskShard()).isTrue();
  }

  @Test
  void aCaptureIsAnsweredWithThePaymentAsItIsNow() {
    Payment payment =
        node.create(
                "o",
                Requests.payment("o2", "sim_ok", 100).toBuilder()
                    .setCaptureMode(CaptureMode.CAPTURE_MODE_MANUAL)
                    .build())
            .getPayment();
    String id = payment.getPaymentId();
    ShardReply part = node.operate("o", Requests.capture(id, "part", 30, true));
    ShardReply canceled = node.operate("o", Requests.cancel(id, "rest"));
    Replay told =
        Replay.newBuilder()
            .setMethod("CapturePayment")
            .setPaymentId(id)
            .setIdempotencyKey("part")
            .setResourceId(id)
            .setFingerprint(part.getFingerprint())
            .build();

    assertThat(replay("o", told).getPayment()).isEqualTo(canceled.getPayment());
    Replay cancel =
        told.toBuilder()
            .setMethod("CancelPayment")
            .setIdempotencyKey("rest")
            .setFingerprint(canceled.getFingerprint())
            .build();
    assertThat(replay("o", cancel).getPayment()).isEqualTo(canceled.getPayment());
    // Not at rest: the lane joins who waits for it.
    run(
        "update payment.saga set phase = 'ACT', state = 'RUNNING', finished = false, outcome = null"
            + " where method = 'CancelPayment'");
    assertThat(replay("o", cancel).hasAskShard()).isTrue();
  }

  private void run(String sql) {
    TestNode.await(node.testNode().node().queries().query(sql).execute());
  }

  private Set<String> create(String tenant, int from, int count) {
    List<Future<ShardReply>> asked = new ArrayList<>();
    for (int i = from; i < from + count; i++) {
      asked.add(Requests.ask(node.bus(), tenant, Requests.payment("p" + i, "sim_ok", 5)));
    }
    TestNode.await(Future.join(asked));
    return asked.stream()
        .map(f -> f.result().getPayment().getPaymentId())
        .collect(Collectors.toSet());
  }

  private List<Long> amounts(String tenant, PaymentFilter filter) {
    return list(tenant, ListPaymentsRequest.newBuilder().setFilter(filter).build())
        .getList()
        .getPaymentsList()
        .stream()
        .map(p -> p.getAmount().getMinorUnits())
        .toList();
  }

  private PaymentQueryReply byId(String tenant, String id) {
    return query(tenant, PaymentQueryRequest.newBuilder().setPaymentId(id));
  }

  private PaymentQueryReply byKey(String tenant, String key) {
    return query(tenant, PaymentQueryRequest.newBuilder().setIdempotencyKey(key));
  }

  private PaymentQueryReply list(String tenant, ListPaymentsRequest request) {
    return query(tenant, PaymentQueryRequest.newBuilder().setList(request));
  }

  private PaymentQueryReply replay(String tenant, Replay replay) {
    return query(tenant, PaymentQueryRequest.newBuilder().setReplay(replay));
  }

  private PaymentQueryReply query(String tenant, PaymentQueryRequest.Builder query) {
    return TestNode.await(Requests.query(node.bus(), query.setTenant(tenant).build()));
  }

  private static void assertNotFound(PaymentQueryReply reply) {
    assertThat(reply.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_PAYMENT_NOT_FOUND);
  }

  private static void assertInvalid(PaymentQueryReply reply, String field) {
    assertThat(reply.getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT);
    assertThat(reply.getRefusal().getField()).isEqualTo(field);
  }
}
