package dev.ducat.bench.yardstick;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Contestant;
import dev.ducat.bench.Run;
import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.Service;
import dev.ducat.kernel.sql.PgSettings;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Each yardstick, run small; its own check of its tables is part of every run. */
final class YardsticksTest {
  private static final EmbeddedServices SERVICES =
      EmbeddedServices.forTests(Service.POSTGRES, Service.KAFKA);
  private static final PgSettings SERVER = PgSettings.parse(SERVICES.postgres().uri());

  private static final Bounds SMALL =
      new Bounds(Duration.ofMillis(100), Duration.ofSeconds(10), 300);

  @Test
  void naivePaymentsWithSpreadMerchantsBalance() {
    runsTwice(new NaivePayments(SERVER, NaivePayments.Merchants.SPREAD, 8));
  }

  @Test
  void naivePaymentsToOneMerchantBalance() {
    runsTwice(new NaivePayments(SERVER, NaivePayments.Merchants.HOT, 8));
  }

  @Test
  void commitsAreCounted() {
    runsTwice(new SingleCommit(SERVER));
  }

  @Test
  void theCeilingWritesWholeLives() {
    runsBatches(new Ceiling(SERVER));
  }

  @Test
  void theRelayBesideTheCeilingPublishesEveryEvent() {
    String kafka = SERVICES.kafka().host() + ":" + SERVICES.kafka().port();
    runsBatches(new Ceiling(SERVER, kafka));
  }

  private static void runsBatches(Contestant contestant) {
    try (contestant) {
      Run run = contestant.run(new Bounds(Duration.ZERO, Duration.ofSeconds(10), 1_000));
      assertThat(run.completed()).isBetween(1_000L, 2_000L);
      assertThat(run.latencyMicros().getTotalCount()).isEqualTo(run.completed());
    }
  }

  private static void runsTwice(Contestant contestant) {
    try (contestant) {
      for (int i = 0; i < 2; i++) {
        Run run = contestant.run(SMALL);
        assertThat(run.completed()).isBetween(300L, 320L);
        assertThat(run.latencyMicros().getTotalCount()).isEqualTo(run.completed());
        assertThat(run.took()).isLessThan(Duration.ofSeconds(10));
      }
    }
  }
}
