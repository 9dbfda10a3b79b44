package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.internal.v1.EventsAfter;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.saga.connector.SimulatorJournal;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** One node, real Postgres, the simulator: payments of every kind from request to end. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class SagaVerticleTest {
  private static final String TENANT = "t1";

  private final RecordingLedger ledger = new RecordingLedger();
  private Path journal;
  private SagaNode node;

  @BeforeAll
  void start(@TempDir Path folder) {
    PgSettings postgres = TestDatabase.create();
    journal = folder.resolve("simulator.journal");
    SagaSettings settings =
        SagaSettings.defaults(journal).withFees(Fee.NONE, Map.of("taxed", new Fee(250, 10)));
    node = SagaNode.start(postgres, "node-1", settings, ledger);
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @Test
  void settlesAPaymentInFiveEventsAndFourCommits() {
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
    SimulatorJournal.Totals psp =
        SimulatorJournal.read(journal).totalsByPayment().get(payment.getPaymentId());
    assertThat(psp).isEqualTo(new SimulatorJournal.Totals(1250, 1250, 0, 0));
    Row saga =
        single(
            "select state, version, finished, outcome from payment.saga where payment_id = (select payment_id from payment.payment where idempotency_key = 'ok-1')");
    assertThat(saga.getString("state")).isEqualTo("DONE");
    assertThat(saga.getLong("version")).isEqualTo(4);
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
