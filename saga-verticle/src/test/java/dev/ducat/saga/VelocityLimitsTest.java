package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.Clock;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import dev.ducat.saga.Limits.Amount;
import dev.ducat.saga.Limits.Span;
import dev.ducat.saga.Limits.Velocity;
import dev.ducat.saga.Limits.Who;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Limits in the validate step, on real lanes and a real database. */
@ExtendWith(VertxExtension.class)
final class VelocityLimitsTest {
  private static final String TENANT = "shop";
  private static final ShardSettings SHORT_LEASES =
      new ShardSettings(
          64, 8, 4, Duration.ofMillis(1500), Duration.ofMillis(300), Duration.ofSeconds(5));

  /** Runs as clocks do, from a noon on: no window ends while a test goes on, unless it says so. */
  private static final class Noon implements Clock {
    private final SystemClock real = new SystemClock();
    private final AtomicReference<Duration> offset;

    Noon() {
      Instant now = real.now();
      Instant noon = now.truncatedTo(ChronoUnit.DAYS).plus(Duration.ofHours(12));
      offset = new AtomicReference<>(Duration.between(now, noon));
    }

    void pass(Duration time) {
      offset.updateAndGet(before -> before.plus(time));
    }

    @Override
    public Instant now() {
      return real.now().plus(offset.get());
    }

    @Override
    public long monotonicNanos() {
      return real.monotonicNanos();
    }
  }

  private final Noon clock = new Noon();
  private final RecordingLedger ledger = new RecordingLedger();
  private final PgSettings postgres = TestDatabase.create();
  @TempDir Path folder;
  private SagaNode node;

  @BeforeEach
  void start(Vertx vertx) {
    node =
        SagaNode.start(
            TestNode.start(vertx, postgres, "node-1", SHORT_LEASES, clock), settings(), ledger);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  private SagaSettings settings() {
    return SagaSettings.defaults(folder.resolve("journal"))
        .withScan(Duration.ofMillis(300))
        .withLimits(
            new Limits(
                List.of(
                    new Amount(new Who("*", ""), "EUR", 10, 100_000),
                    new Amount(new Who(TENANT, "small"), "EUR", 1, 500)),
                List.of(
                    new Velocity(new Who(TENANT, "hot"), "", Span.DAY, 37),
                    new Velocity(new Who(TENANT, "busy"), "", Span.DAY, 10_000),
                    new Velocity(new Who(TENANT, "rich"), "EUR", Span.DAY, 1_000),
                    new Velocity(new Who(TENANT, "brief"), "", Span.MINUTE, 2))));
  }

  private static CreatePaymentRequest request(String key, String merchant, long minorUnits) {
    return Requests.payment(key, "sim_ok", minorUnits).toBuilder()
        .setMerchantAccount(merchant)
        .build();
  }

  private Payment pay(String key, String merchant, long minorUnits) {
    return node.create(TENANT, request(key, merchant, minorUnits)).getPayment();
  }

  private static List<Future<ShardReply>> many(SagaNode node, String prefix, int count) {
    List<Future<ShardReply>> asked = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      asked.add(Requests.ask(node.bus(), TENANT, request(prefix + i, "hot", 100)));
    }
    return asked;
  }

  private static long settled(List<Payment> payments) {
    return payments.stream()
        .filter(payment -> payment.getState() == PaymentState.PAYMENT_STATE_SETTLED)
        .count();
  }

  private void assertRefused(Payment payment, String code) {
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(payment.getFailure().getCode()).isEqualTo(code);
    assertThat(payment.getFailure().getStep()).isEqualTo("validate");
    assertThat(payment.getVersion()).isEqualTo(2);
    assertThat(ledger.of(payment.getPaymentId())).isEmpty();
  }

  private long number(String sql) {
    Row row =
        TestNode.await(node.testNode().node().queries().query(sql).execute()).iterator().next();
    return row.getLong(0);
  }

  @Test
  void anAmountOutsideItsLimitsIsAFailedPaymentUnderItsKey() {
    assertRefused(pay("much-1", "small", 501), "LIMIT_EXCEEDED");
    assertRefused(pay("little-1", "other", 9), "AMOUNT_BELOW_MINIMUM");
    assertThat(settled(List.of(pay("fits-1", "small", 500), pay("fits-2", "other", 10))))
        .isEqualTo(2);

    ShardReply again = node.create(TENANT, request("much-1", "small", 501));
    assertThat(again.getReplayed()).isTrue();
    assertRefused(again.getPayment(), "LIMIT_EXCEEDED");
  }

  @Test
  void ofManyAtOnceInAllShardsExactlyAsManyAsAllowedAreAdmitted() {
    List<Future<ShardReply>> asked = many(node, "hot-", 300);
    TestNode.await(Future.join(asked));
    List<Payment> payments = asked.stream().map(each -> each.result().getPayment()).toList();

    assertThat(settled(payments)).isEqualTo(37);
    payments.stream()
        .filter(payment -> payment.getState() != PaymentState.PAYMENT_STATE_SETTLED)
        .forEach(payment -> assertRefused(payment, "VELOCITY_EXCEEDED"));
    assertThat(number("select used from payment.velocity where merchant = 'hot'")).isEqualTo(37);
    // The same keys again: nothing is counted, nothing decided anew.
    TestNode.await(Future.join(many(node, "hot-", 300)));
    assertThat(number("select used from payment.velocity where merchant = 'hot'")).isEqualTo(37);
    assertThat(number("select count(*) from payment.payment where merchant_account = 'hot'"))
        .isEqualTo(300);
  }

  /** Two nodes with half of the shards each, and a third after both are gone. */
  @Test
  void nodesAndTheirSuccessorsCountTogether() {
    List<Payment> payments = new ArrayList<>();
    try (SagaNode second =
        SagaNode.join(
            TestNode.apart(postgres, "node-2", SHORT_LEASES, clock), settings(), ledger)) {
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> second.held().size() == 32 && second.servesWhatItHolds());
      List<Future<ShardReply>> asked = new ArrayList<>();
      for (int i = 0; i < 120; i++) {
        boolean here = node.held().contains(Requests.shardOf(TENANT, "pair-" + i));
        asked.add(
            Requests.ask((here ? node : second).bus(), TENANT, request("pair-" + i, "hot", 100)));
      }
      TestNode.await(Future.join(asked));
      asked.forEach(each -> payments.add(each.result().getPayment()));
    }
    assertThat(settled(payments)).isEqualTo(37);
    await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptionsInstanceOf(BusException.class)
        .untilAsserted(() -> assertRefused(pay("after-1", "hot", 100), "VELOCITY_EXCEEDED"));
  }

  @Test
  void sumsLeaveRoomForWhatStillFits() {
    assertThat(settled(List.of(pay("rich-1", "rich", 700)))).isEqualTo(1);
    assertRefused(pay("rich-2", "rich", 301), "VELOCITY_EXCEEDED");
    assertThat(settled(List.of(pay("rich-3", "rich", 300)))).isEqualTo(1);
    assertRefused(pay("rich-4", "rich", 10), "VELOCITY_EXCEEDED");
    // Neither another merchant nor another tenant has anything to do with it.
    assertThat(settled(List.of(pay("rich-5", "other", 700)))).isEqualTo(1);
    assertThat(node.create("t2", request("rich-6", "rich", 5_000)).getPayment().getState())
        .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
  }

  @Test
  void validateOnlySaysWhatALimitWouldSayAndCountsNothing() {
    for (int i = 0; i < 3; i++) {
      Payment fits = Requests.rehearse(node.bus(), TENANT, request("dry-" + i, "brief", 100));
      assertThat(fits.getState()).isEqualTo(PaymentState.PAYMENT_STATE_UNSPECIFIED);
      assertThat(fits.getPaymentId()).isEmpty();
      assertThat(fits.getConnector()).isEqualTo("simulator");
    }
    assertThat(number("select count(*) from payment.velocity")).isZero();
    assertThat(settled(List.of(pay("min-1", "brief", 100), pay("min-2", "brief", 100))))
        .isEqualTo(2);
    Payment full = Requests.rehearse(node.bus(), TENANT, request("dry-9", "brief", 100));
    assertThat(full.getState()).isEqualTo(PaymentState.PAYMENT_STATE_FAILED);
    assertThat(full.getFailure()).isEqualTo(pay("min-3", "brief", 100).getFailure());
    Payment large = Requests.rehearse(node.bus(), TENANT, request("dry-10", "small", 501));
    assertThat(large.getFailure()).isEqualTo(pay("much-1", "small", 501).getFailure());
    assertThat(number("select used from payment.velocity where merchant = 'brief'")).isEqualTo(2);
    // No key was claimed.
    assertThat(number("select count(*) from payment.saga where idempotency_key like 'dry-%'"))
        .isZero();
  }

  @Test
  void aNewWindowHasRoomAgainAndOldOnesAreSwept() {
    assertThat(settled(List.of(pay("min-1", "brief", 100), pay("min-2", "brief", 100))))
        .isEqualTo(2);
    assertRefused(pay("min-3", "brief", 100), "VELOCITY_EXCEEDED");
    clock.pass(Duration.ofMinutes(1));
    assertThat(settled(List.of(pay("min-4", "brief", 100)))).isEqualTo(1);
    assertThat(number("select count(*) from payment.velocity where merchant = 'brief'"))
        .isEqualTo(2);
    clock.pass(Duration.ofDays(4));
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> number("select count(*) from payment.velocity") == 0);
  }

  @Test
  void theDatabaseAdmitsNothingBeyondTheLimitWhateverALaneBelieved(Vertx vertx) {
    PgConnection connection =
        TestNode.await(PgConnection.connect(vertx, postgres.forLanes("lane-x")));
    add(connection, 30, 40);
    add(connection, 10, 40);
    assertThatThrownBy(() -> add(connection, 1, 40))
        .isInstanceOfSatisfying(
            PgException.class, refused -> assertThat(refused.getSqlState()).isEqualTo("DF004"));
    // A limit that was lowered meanwhile, too.
    assertThatThrownBy(() -> add(connection, 1, 20)).isInstanceOf(PgException.class);
    add(connection, 1, 41);
    assertThat(number("select used from payment.velocity where merchant = 'raced'")).isEqualTo(41);
    TestNode.await(connection.close());
  }

  private void add(PgConnection connection, long units, long most) {
    TestNode.await(
        connection
            .preparedQuery(VelocityStore.ADD)
            .execute(
                Tuple.from(
                    new Object[] {
                      new String[] {TENANT},
                      new String[] {"raced"},
                      new String[] {""},
                      new String[] {"DAY"},
                      new OffsetDateTime[] {
                        clock.now().truncatedTo(ChronoUnit.DAYS).atOffset(ZoneOffset.UTC)
                      },
                      new Long[] {units},
                      new Long[] {most}
                    })));
  }

  @Test
  void manyPaymentsOfAHotMerchantAreCountedInFewWrites() {
    run("create table payment.velocity_write (at timestamptz)");
    run(
        "create function payment.note_write() returns trigger language plpgsql as"
            + " 'begin insert into payment.velocity_write values (now()); return null; end'");
    run(
        "create trigger note_write after insert or update on payment.velocity"
            + " for each row execute function payment.note_write()");
    List<Future<ShardReply>> asked = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      asked.add(Requests.ask(node.bus(), TENANT, request("busy-" + i, "busy", 100)));
    }
    TestNode.await(Future.join(asked));

    assertThat(number("select used from payment.velocity where merchant = 'busy'")).isEqualTo(400);
    assertThat(number("select count(*) from payment.velocity_write")).isBetween(1L, 200L);
  }

  private void run(String sql) {
    TestNode.await(node.testNode().node().queries().query(sql).execute());
  }
}
