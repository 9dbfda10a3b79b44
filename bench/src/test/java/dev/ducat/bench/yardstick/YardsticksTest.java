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
  private static final PgSettings SERVER =
      PgSettings.parse(EmbeddedServices.forTests(Service.POSTGRES).postgres().uri());

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
