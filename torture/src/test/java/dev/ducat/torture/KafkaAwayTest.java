package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.embedded.Service;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Kafka's absence delays the news, never the money, and never their order. */
final class KafkaAwayTest {
  private final Installation installation = Installation.shared();

  private boolean away;

  @AfterEach
  void bringKafkaBack() {
    if (away) {
      installation.services().restart(Service.KAFKA);
    }
  }

  @Test
  void paymentsSettleWithoutKafkaAndTheirEventsFollowInOrder() {
    NodeProcess node = installation.steadyNode();
    try (Load load = Load.start("kafka-away", 150, 8, 7, () -> List.of(node.grpc()))) {
      load.awaitFinished(30);
      installation.services().kill(Service.KAFKA);
      away = true;
      load.assertUnderWay();

      History history = load.join();
      assertThat(lag()).as("events that wait for Kafka").isPositive();
      installation.services().restart(Service.KAFKA);
      away = false;
      Proof.of(installation).assertAllHold(history);
      // Kafka's receipts are the truth; their copy in Postgres follows within a second or so.
      await("nothing waits for Kafka any more")
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertThat(lag()).isZero());
    }
  }

  private long lag() {
    return installation.number(
        """
        select coalesce(sum(s.head - coalesce(p.seq, 0)), 0)
          from outbox.stream s left join outbox.position p on p.stream = s.stream
        """);
  }
}
