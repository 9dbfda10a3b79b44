package dev.ducat.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Run;
import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.Service;
import dev.ducat.kernel.sql.PgSettings;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Each peer, run small; each checks by itself what it has done. */
final class PeersTest {
  private static final EmbeddedServices SERVICES =
      EmbeddedServices.forTests(Service.POSTGRES, Service.KAFKA);
  private static final PgSettings SERVER = PgSettings.parse(SERVICES.postgres().uri());
  private static final String KAFKA = SERVICES.kafka().host() + ":" + SERVICES.kafka().port();

  @Test
  void dbosRunsEveryStepOfEveryWorkflow() {
    try (DbosWorkflows dbos = new DbosWorkflows(SERVER, 8)) {
      Run run = dbos.run(new Bounds(Duration.ZERO, Duration.ofSeconds(20), 100));
      assertThat(run.completed()).isBetween(100L, 110L);
    }
  }

  @Test
  void debeziumDrainsTheWholeBacklogTwice() {
    try (DebeziumDrain debezium = new DebeziumDrain(SERVER, KAFKA, DebeziumSettings.DRAIN)) {
      for (int i = 0; i < 2; i++) {
        Run run = debezium.run(new Bounds(Duration.ZERO, Duration.ofMinutes(1), 3_000));
        assertThat(run.completed()).isEqualTo(3_000);
        assertThat(run.took()).isPositive();
      }
    }
  }

  @Test
  void eventsComeThroughDebezium() {
    try (DebeziumLatency debezium = new DebeziumLatency(SERVER, KAFKA, DebeziumSettings.LATENCY)) {
      Run run = debezium.run(new Bounds(Duration.ofMillis(200), Duration.ofSeconds(20), 4_000));
      assertThat(run.completed()).isEqualTo(4_000);
      assertThat(run.latencyMicros().getTotalCount()).isEqualTo(4_000);
    }
  }
}
