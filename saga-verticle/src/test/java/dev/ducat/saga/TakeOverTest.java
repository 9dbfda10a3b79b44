package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.saga.connector.SimulatorJournal;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Shards that change hands, politely and not. */
@ExtendWith(VertxExtension.class)
final class TakeOverTest {
  private static final String TENANT = "t1";
  private static final ConnectorTerms TERMS =
      new ConnectorTerms(
          Duration.ofSeconds(2), Duration.ofMillis(500), Duration.ofDays(1), Duration.ofHours(1));
  private static final ShardSettings SHORT_LEASES =
      new ShardSettings(
          64, 8, 4, Duration.ofMillis(1500), Duration.ofMillis(300), Duration.ofSeconds(5));

  @TempDir Path folder;

  private static TestNode first(Vertx vertx, PgSettings postgres) {
    return TestNode.start(vertx, postgres, "node-1", SHORT_LEASES, new SystemClock());
  }

  private static TestNode second(PgSettings postgres) {
    return TestNode.apart(postgres, "node-2", SHORT_LEASES, new SystemClock());
  }

  private SagaSettings settings() {
    return SagaSettings.defaults(folder.resolve("simulator.journal"))
        .withConnectors(Map.of("simulator", TERMS), "simulator");
  }

  /**
   * The first owner stops renewing while calls to the PSP are under way, as a paused process does,
   * and never learns of it. Its successor must finish every payment with each operation done once.
   */
  @Test
  void aSuccessorFinishesWhatItsPredecessorLeftInFlight(Vertx vertx) throws Exception {
    PgSettings postgres = TestDatabase.create();
    RecordingLedger ledger = new RecordingLedger();
    List<CreatePaymentRequest> requests = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      String method =
          switch (i % 3) {
            case 0 -> "sim_slow_700";
            case 1 -> "sim_timeout_capture";
            default -> "sim_slow_1500";
          };
      requests.add(Requests.payment("left-" + i, method, 100 + i));
    }
    try (SagaNode first = SagaNode.start(first(vertx, postgres), settings(), ledger)) {
      List<Future<ShardReply>> started = new ArrayList<>();
      for (CreatePaymentRequest request : requests) {
        started.add(Requests.ask(first.bus(), TENANT, request, Duration.ZERO));
      }
      TestNode.await(Future.join(started));
      // The keeper ends without a word; the lanes go on believing until their trust runs out.
      TestNode.await(first.testNode().node().leases().stop());

      try (SagaNode second = SagaNode.start(second(postgres), settings(), ledger)) {
        for (int i = 0; i < requests.size(); i++) {
          ShardReply reply = second.create(TENANT, requests.get(i));
          assertThat(reply.getReplayed()).isTrue();
          assertThat(reply.getPayment().getPaymentId())
              .isEqualTo(started.get(i).result().getPayment().getPaymentId());
          assertThat(reply.getPayment().getState())
              .as(requests.get(i).getPaymentMethod())
              .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
          assertThat(reply.getPayment().getVersion()).isEqualTo(5);
          assertThat(ledger.of(reply.getPayment().getPaymentId())).hasSize(3);
        }
      }
    }
    SimulatorJournal journal = SimulatorJournal.read(folder.resolve("simulator.journal"));
    assertThat(journal.effectsByOperation()).hasSize(2 * requests.size());
    assertThat(journal.effectsByOperation().values()).allMatch(times -> times == 1);
    assertThat(journal.totalsByPayment().values())
        .allMatch(totals -> totals.captured() == totals.authorized() && totals.voided() == 0);
    assertThat(Files.readString(folder.resolve("simulator.journal"))).endsWith("\n");
  }

  @Test
  void shardsMoveToAJoiningNodeWithoutLosingAPayment(Vertx vertx) {
    PgSettings postgres = TestDatabase.create();
    RecordingLedger ledger = new RecordingLedger();
    try (SagaNode first = SagaNode.start(first(vertx, postgres), settings(), ledger)) {
      List<CreatePaymentRequest> requests = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        requests.add(Requests.payment("move-" + i, "sim_slow_400", 100));
      }
      List<Future<ShardReply>> started = new ArrayList<>();
      for (CreatePaymentRequest request : requests) {
        started.add(Requests.ask(first.bus(), TENANT, request, Duration.ZERO));
      }
      TestNode.await(Future.join(started));
      // Its own bus: each node here answers only for the shards it owns.
      try (TwoHalves both =
          new TwoHalves(first, SagaNode.join(second(postgres), settings(), ledger))) {
        await()
            .atMost(Duration.ofSeconds(15))
            .pollInterval(Duration.ofMillis(50))
            .until(() -> requests.stream().allMatch(request -> both.isSettled(TENANT, request)));
      }
    }
    SimulatorJournal journal = SimulatorJournal.read(folder.resolve("simulator.journal"));
    assertThat(journal.effectsByOperation()).hasSize(80);
    assertThat(journal.effectsByOperation().values()).allMatch(times -> times == 1);
  }

  /** Two nodes that share the shards of one database. */
  private record TwoHalves(SagaNode first, SagaNode second) implements AutoCloseable {
    TwoHalves {
      await()
          .atMost(Duration.ofSeconds(15))
          .pollInterval(Duration.ofMillis(50))
          .until(() -> second.held().size() == 32);
    }

    boolean isSettled(String tenant, CreatePaymentRequest request) {
      return isSettled(first.bus(), tenant, request) || isSettled(second.bus(), tenant, request);
    }

    private static boolean isSettled(Bus bus, String tenant, CreatePaymentRequest request) {
      return TestNode.await(
          Requests.ask(bus, tenant, request, Duration.ZERO)
              .map(reply -> reply.getPayment().getState() == PaymentState.PAYMENT_STATE_SETTLED)
              .otherwise(false));
    }

    @Override
    public void close() {
      second.close();
    }
  }
}
