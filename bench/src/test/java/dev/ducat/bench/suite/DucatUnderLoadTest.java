package dev.ducat.bench.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.cost.CostMeter;
import dev.ducat.bench.cost.CostSheet;
import dev.ducat.bench.ducat.DrainedBacklog;
import dev.ducat.bench.ducat.DucatRuns;
import dev.ducat.bench.ducat.DucatRuns.Outcome;
import dev.ducat.bench.ducat.Installation;
import dev.ducat.bench.ducat.Sql;
import dev.ducat.bench.ducat.WrongResult;
import dev.ducat.bench.load.Pace;
import dev.ducat.bench.load.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A real node under small loads. The last tests damage what it made, to see that it is noticed. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class DucatUnderLoadTest {
  private static final Bounds SMALL = new Bounds(Duration.ZERO, Duration.ofSeconds(20), 100);

  @TempDir static Path data;

  private static @Nullable Installation started;

  @BeforeAll
  static void start() {
    started = Installation.start(data, false);
  }

  @AfterAll
  static void stop() {
    if (started != null) {
      started.close();
    }
  }

  @Test
  @Order(1)
  void aClosedLoopEndsWhenItsCountIsReached() {
    Outcome outcome = runs().run(Workload.PAYMENTS_SPREAD, new Pace.ClosedLoop(8), SMALL);

    assertThat(outcome.load().completed()).isBetween(100L, 108L);
    assertThat(outcome.load().errors()).isZero();
    assertThat(outcome.load().trouble()).isEmpty();
    assertThat(outcome.load().latencyMicros().getTotalCount())
        .isEqualTo(outcome.load().completed());
    assertThat(outcome.endToEnd()).isGreaterThanOrEqualTo(outcome.load().took());
  }

  @Test
  @Order(2)
  void aStallIsFeltByEveryCallThatWasDueInIt() {
    double perSecond = 50;
    Duration stall = Duration.ofMillis(1_500);
    AtomicBoolean stalled = new AtomicBoolean();
    DucatRuns runs =
        new DucatRuns(
            ducat(),
            progress -> {
              if (stalled.compareAndSet(false, true)) {
                signal("STOP");
                Thread resumer =
                    Thread.ofPlatform()
                        .start(
                            () -> {
                              java.util.concurrent.locks.LockSupport.parkNanos(stall.toNanos());
                              signal("CONT");
                            });
                assertThat(resumer.isDaemon()).isFalse();
              }
            });

    Outcome outcome =
        runs.run(
            Workload.PAYMENTS_HOT,
            new Pace.OpenLoop(perSecond),
            new Bounds(Duration.ZERO, Duration.ofSeconds(4), Long.MAX_VALUE));

    Histogram latency = outcome.load().latencyMicros();
    long late = latency.getCountBetweenValues(stall.toNanos() / 3_000, latency.getMaxValue());
    assertThat(outcome.load().sent()).isBetween(199L, 201L);
    assertThat(latency.getMaxValue()).isGreaterThan(stall.toNanos() * 9 / 10_000);
    // Two thirds of the stall's calls waited for a third of it or longer.
    assertThat(late).isGreaterThan((long) (perSecond * stall.toMillis() / 1_000 * 6 / 10));
  }

  @Test
  @Order(3)
  void transfersAreBookedBetweenWalletsThatHaveEnough() {
    FilledWallets.fill(ducat().node());

    Outcome outcome =
        runs()
            .run(
                Workload.TRANSFERS,
                new Pace.ClosedLoop(4),
                new Bounds(Duration.ZERO, Duration.ofSeconds(20), 5));

    assertThat(outcome.load().completed()).isBetween(500L, 1_000L);
    assertThat(outcome.load().errors()).isZero();
  }

  @Test
  @Order(4)
  void aPaymentCostsWhatItWrites() {
    try (CostMeter meter = CostMeter.begin(ducat())) {
      Outcome outcome =
          runs().run(Workload.PAYMENTS_SPREAD, new Pace.ClosedLoop(8), SMALL, meter::stop);
      CostSheet sheet = meter.sheet(outcome.load());

      assertThat(sheet.counts().get("inserts payment.payment")).isEqualTo(1);
      assertThat(sheet.counts().get("inserts ledger.transfer")).isEqualTo(3);
      assertThat(sheet.counts().get("WAL bytes")).isGreaterThan(1_000);
      assertThat(sheet.counts().get("bytes allocated in Ducat")).isPositive();
      assertThat(sheet.cpuMicros()).containsKeys("Ducat", "Postgres", "Kafka", "Redis");
      assertThat(sheet.statements()).isNotEmpty();
      assertThat(sheet.text()).contains("The next gain is in");
    }
  }

  @Test
  @Order(5)
  void aBacklogIsDrainedWholeAndPaymentsGoOn() {
    DrainedBacklog.Drained drained = DrainedBacklog.drain(ducat(), 2_000);

    assertThat(drained.events()).isEqualTo(64 * 30);
    assertThat(runs().run(Workload.PAYMENTS_SPREAD, new Pace.ClosedLoop(8), SMALL).load().errors())
        .isZero();
  }

  @Test
  @Order(6)
  void anOperationThePspDidTwiceFailsTheRun() {
    assertThatThrownBy(
            () ->
                runs()
                    .run(
                        Workload.PAYMENTS_SPREAD,
                        new Pace.ClosedLoop(8),
                        SMALL,
                        DucatUnderLoadTest::repeatTheLastOperation))
        .isInstanceOf(WrongResult.class)
        .hasMessageContaining("operations at the PSP that should not be: 1, expected 0");
  }

  @Test
  @Order(7)
  void moneyFromNowhereFailsTheRun() {
    assertThatThrownBy(
            () ->
                runs()
                    .run(
                        Workload.PAYMENTS_SPREAD,
                        new Pace.ClosedLoop(8),
                        SMALL,
                        DucatUnderLoadTest::giveSomebodyMoney))
        .isInstanceOf(WrongResult.class)
        .hasMessageContaining("accounts that differ from their transfers: 1, expected 0")
        .hasMessageContaining("books out of balance: 1, expected 0");
  }

  private static Installation ducat() {
    return Objects.requireNonNull(started);
  }

  private static DucatRuns runs() {
    return new DucatRuns(ducat(), progress -> {});
  }

  private static void repeatTheLastOperation() {
    try {
      Path journal = ducat().simulatorJournal();
      String last = Files.readAllLines(journal).getLast();
      Files.writeString(journal, last + "\n", StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void giveSomebodyMoney() {
    try (Sql sql = Sql.open(ducat().postgres())) {
      sql.run(
          """
          update ledger.account set credits_posted = credits_posted + 1
           where account_id = (select credit_account from ledger.transfer order by booked_at desc limit 1)
          """);
    }
  }

  private static void signal(String name) {
    try {
      int code =
          new ProcessBuilder("kill", "-" + name, Long.toString(ducat().node().pid()))
              .inheritIO()
              .start()
              .waitFor();
      assertThat(code).isZero();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
