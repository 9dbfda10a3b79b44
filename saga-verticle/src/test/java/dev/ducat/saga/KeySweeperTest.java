package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.Clock;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.saga.KeySweeper.Pace;
import dev.ducat.saga.KeySweeper.Swept;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.pgclient.PgConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The end of idempotency keys, on real lanes and a real database. */
@ExtendWith(VertxExtension.class)
final class KeySweeperTest {
  private static final String TENANT = "t1";
  private static final int BATCH = 10;

  /** Walks up to the present, and looks at what it kept with every batch. */
  private static final Pace PACE =
      new Pace(BATCH, Duration.ZERO, Duration.ofMinutes(1), Duration.ZERO);

  private final PgSettings postgres = TestDatabase.create();
  @TempDir Path folder;
  private SagaNode node;
  private KeySweeper sweeper;

  @BeforeEach
  void start(Vertx vertx) {
    // The node's own sweep has its first turn at the start and no other while a test runs.
    SagaSettings settings =
        SagaSettings.defaults(folder.resolve("journal")).withScan(Duration.ofHours(1));
    node =
        SagaNode.start(
            TestNode.start(vertx, postgres, "node-1", ShardSettings.defaults(), new SystemClock()),
            settings,
            new RecordingLedger());
    await().until(() -> number("select count(*) from payment.key_sweep where due_at > now()") == 1);
    sweeper = new KeySweeper(vertx, node.testNode().node(), PACE);
  }

  @AfterEach
  void stop() {
    TestNode.await(sweeper.stop());
    node.close();
  }

  private void run(String sql) {
    TestNode.await(node.testNode().node().queries().query(sql).execute());
  }

  private long number(String sql) {
    return TestNode.await(node.testNode().node().queries().query(sql).execute())
        .iterator()
        .next()
        .getLong(0);
  }

  private void due() {
    run("update payment.key_sweep set due_at = clock_timestamp()");
  }

  private Swept sweep() {
    due();
    return TestNode.await(sweeper.runOnce());
  }

  /** As if the life of all keys so far were over. */
  private void timePasses() {
    run(
        "update payment.saga set key_expires_at = clock_timestamp() - interval '1 second'"
            + " where key_expires_at > clock_timestamp()");
  }

  private static CreatePaymentRequest request(String key, String method) {
    return Requests.payment(key, method, 100);
  }

  private ShardReply pay(String key) {
    return node.create(TENANT, request(key, "sim_ok"));
  }

  private Payment authorize(String key) {
    return node.create(
            TENANT,
            request(key, "sim_ok").toBuilder()
                .setCaptureMode(CaptureMode.CAPTURE_MODE_MANUAL)
                .build())
        .getPayment();
  }

  private long keys() {
    return number("select count(*) from payment.saga where idempotency_key is not null");
  }

  @Test
  void aKeyIsFreeOnceItsTimeIsOverAndNotBefore() {
    Payment first = pay("k-1").getPayment();
    assertThat(sweep().freed()).isZero();
    assertThat(pay("k-1").getReplayed()).isTrue();

    timePasses();
    // Over, and not swept yet: it still finds its payment.
    assertThat(pay("k-1").getPayment()).isEqualTo(first);
    assertThat(sweep())
        .extracting(Swept::looked, Swept::freed, Swept::kept)
        .containsExactly(1, 1, 0);

    ShardReply second = node.create(TENANT, Requests.payment("k-1", "sim_ok", 999));
    assertThat(second.getReplayed()).isFalse();
    assertThat(second.getPayment().getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    assertThat(second.getPayment().getPaymentId()).isNotEqualTo(first.getPaymentId());
    // The row stays, with what it says; only the key's index entry is gone.
    assertThat(number("select count(*) from payment.saga where outcome = 'DONE'")).isEqualTo(2);
    assertThat(sweep().freed()).isZero();
    assertThat(pay("k-1").hasRefusal()).isTrue();
  }

  @Test
  void aKeyOutlivesItsTimeUntilItsPaymentIsComplete() {
    Payment open = authorize("open-1");
    Payment stuck = node.create(TENANT, request("stuck-1", "sim_wrong_amount")).getPayment();
    assertThat(stuck.getState()).isEqualTo(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
    timePasses();
    for (int round = 0; round < 3; round++) {
      assertThat(sweep()).extracting(Swept::freed, Swept::kept).containsExactly(0, 2);
    }
    assertThat(authorize("open-1")).isEqualTo(open);

    OperationCommand capture = Requests.capture(open.getPaymentId(), "c-1", 0, false);
    assertThat(node.operate(TENANT, capture).getPayment().getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    // The creation's key, which is on the list; the capture's own still lives.
    assertThat(sweep()).extracting(Swept::freed, Swept::kept).containsExactly(1, 1);
    assertThat(node.operate(TENANT, capture).getReplayed()).isTrue();
    timePasses();
    assertThat(sweep()).extracting(Swept::freed, Swept::kept).containsExactly(1, 1);
    assertThat(authorize("open-1").getPaymentId()).isNotEqualTo(open.getPaymentId());
  }

  @Test
  void aRefundThatIsNotOverKeepsTheKeysOfItsPayment() {
    Payment payment = pay("r-1").getPayment();
    node.operate(TENANT, Requests.refund(payment.getPaymentId(), "refund-1", 40));
    timePasses();
    run(
        "update payment.saga set finished = false, state = 'NEEDS_ATTENTION', phase = 'PARKED',"
            + " outcome = null where kind = 'REFUND'");
    assertThat(sweep()).extracting(Swept::freed, Swept::kept).containsExactly(0, 2);
    run(
        "update payment.saga set finished = true, state = 'DONE', phase = 'ENDED',"
            + " outcome = 'DONE' where kind = 'REFUND'");
    assertThat(sweep()).extracting(Swept::freed, Swept::kept).containsExactly(2, 0);
  }

  @Test
  void goesOnBatchByBatchAndNoFasterThanItsPace() {
    payMany(25);
    timePasses();
    due();
    assertThat(TestNode.await(sweeper.runOnce()).freed()).isEqualTo(BATCH);
    // At once again: the pause after a full batch is not over, for nobody.
    Swept early = TestNode.await(sweeper.runOnce());
    assertThat(early.looked()).isZero();
    assertThat(early.pause()).isBetween(Duration.ofMillis(1), Duration.ofSeconds(10));
    assertThat(keys()).isEqualTo(15);
    assertThat(sweep().freed()).isEqualTo(BATCH);
    Swept last = sweep();
    assertThat(last.looked()).isEqualTo(5);
    assertThat(last.freed()).isEqualTo(5);
    assertThat(last.pause()).isEqualTo(PACE.idle());
    assertThat(keys()).isZero();
  }

  @Test
  void keptKeysDoNotHoldUpTheOthers() {
    for (int i = 0; i < 12; i++) {
      authorize("open-" + i);
    }
    payMany(20);
    timePasses();
    int freed = 0;
    for (int round = 0; round < 10 && freed < 20; round++) {
      Swept swept = sweep();
      assertThat(swept.looked()).isLessThanOrEqualTo(BATCH);
      freed += swept.freed();
    }
    assertThat(freed).isEqualTo(20);
    assertThat(keys()).isEqualTo(12);
  }

  @Test
  void oneNodeSweepsAtATimeAndTheOthersDoNotWait(Vertx vertx) {
    payMany(5);
    timePasses();
    due();
    KeySweeper other = new KeySweeper(vertx, node.testNode().node(), PACE);
    PgConnection busy =
        TestNode.await(PgConnection.connect(vertx, postgres.forQueries("another-node")));
    TestNode.await(busy.query("begin").execute());
    TestNode.await(busy.query("select 1 from payment.key_sweep for update").execute());
    assertThat(TestNode.await(other.runOnce())).isEqualTo(new Swept(0, 0, 0, PACE.idle()));
    TestNode.await(busy.query("rollback").execute());
    TestNode.await(busy.close());

    Future<Swept> one = sweeper.runOnce();
    Future<Swept> two = other.runOnce();
    int looked = TestNode.await(one).looked() + TestNode.await(two).looked();
    assertThat(looked).isEqualTo(5);
    assertThat(keys()).isZero();
    TestNode.await(other.stop());
  }

  @Test
  void aRowThatALaneHoldsIsLeftForLater(Vertx vertx) {
    Payment held = pay("held-1").getPayment();
    pay("free-1");
    timePasses();
    PgConnection lane = TestNode.await(PgConnection.connect(vertx, postgres.forQueries("lane-x")));
    TestNode.await(lane.query("begin").execute());
    TestNode.await(
        lane.query("select 1 from payment.saga where idempotency_key = 'held-1' for update")
            .execute());
    assertThat(sweep()).extracting(Swept::freed, Swept::kept).containsExactly(1, 1);
    assertThat(pay("held-1").getPayment()).isEqualTo(held);
    TestNode.await(lane.query("commit").execute());
    TestNode.await(lane.close());
    assertThat(sweep()).extracting(Swept::freed, Swept::kept).containsExactly(1, 0);
  }

  /** Two days behind: by its own clock the key would end two days too early. */
  @Test
  void aNodeWhoseClockIsWrongEndsNoKeyEarly(@TempDir Path other) {
    Clock real = new SystemClock();
    Clock behind =
        new Clock() {
          @Override
          public Instant now() {
            return real.now().minus(Duration.ofDays(2));
          }

          @Override
          public long monotonicNanos() {
            return real.monotonicNanos();
          }
        };
    PgSettings database = TestDatabase.create();
    SagaSettings settings =
        SagaSettings.defaults(other.resolve("journal")).withKeyLife(Duration.ofDays(1));
    try (SagaNode late =
        SagaNode.start(
            TestNode.apart(database, "late", ShardSettings.defaults(), behind),
            settings,
            new RecordingLedger())) {
      late.create(TENANT, request("late-1", "sim_ok"));
      long hours =
          TestNode.await(
                  late.testNode()
                      .node()
                      .queries()
                      .query(
                          "select round(extract(epoch from key_expires_at - clock_timestamp())"
                              + " / 3600)::bigint from payment.saga")
                      .execute())
              .iterator()
              .next()
              .getLong(0);
      assertThat(hours).isEqualTo(24);
    }
  }

  @Test
  void nodesSweepByThemselves(@TempDir Path other) {
    SagaSettings settings =
        SagaSettings.defaults(other.resolve("journal"))
            .withKeyLife(Duration.ofMillis(300))
            .withScan(Duration.ofMillis(100));
    try (SagaNode brief =
        SagaNode.start(
            TestNode.apart(
                TestDatabase.create(), "brief", ShardSettings.defaults(), new SystemClock()),
            settings,
            new RecordingLedger())) {
      String first = brief.create(TENANT, request("brief-1", "sim_ok")).getPayment().getPaymentId();
      await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () ->
                  !brief
                      .create(TENANT, request("brief-1", "sim_ok"))
                      .getPayment()
                      .getPaymentId()
                      .equals(first));
      assertThat(brief.testNode().node().meters().counter("ducat.saga.keys.freed").count())
          .isPositive();
    }
  }

  private void payMany(int count) {
    List<Future<ShardReply>> asked = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      asked.add(Requests.ask(node.bus(), TENANT, request("many-" + i, "sim_ok")));
    }
    TestNode.await(Future.join(asked));
  }
}
