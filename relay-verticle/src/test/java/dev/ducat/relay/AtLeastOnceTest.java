package dev.ducat.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.relay.RelaySettings.Mode;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The relay without transactions: events may come again, none is missing, none overtakes. */
class AtLeastOnceTest extends RelayHarness {
  private TestNode node;
  private OutboxWriter writer;
  private KafkaReader reader;

  @BeforeEach
  void open() {
    node = node("node-1");
    writer = writer(node);
    reader = reader();
  }

  private RelayVerticle deploy(Mode mode) {
    return deploy(node, settings().withMode(mode));
  }

  @Test
  void publishesEverythingInOrder() {
    for (int i = 0; i < 50; i++) {
      writer.write("payment.shard." + i % 4, "pay_" + i % 8, "pay_" + i % 8, "pay_x" + i);
    }
    deploy(Mode.AT_LEAST_ONCE);
    reader.awaitExactly(writer.written());
  }

  @Test
  void publishesOnceAndInOrderWhatLanesHandOn() {
    RelayVerticle relay = deploy(Mode.AT_LEAST_ONCE);
    awaitState(relay, status -> status.state() == SlotState.RELAYING);
    for (int i = 0; i < 200; i++) {
      int before = writer.written().size();
      writer.write("payment.shard." + i % 4, "pay_" + i % 8, "pay_" + i % 8, "pay_x" + i);
      if (i % 5 != 0) {
        handOn(node, writer.written().subList(before, before + 3));
      }
    }
    reader.awaitExactly(writer.written());
    // The copies in Postgres are the only positions of this mode, so they follow at once.
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(positions(node))
                    .contains(
                        "payment.shard.0 150 0",
                        "payment.shard.1 150 1",
                        "payment.shard.2 150 0",
                        "payment.shard.3 150 1"));
  }

  @Test
  void afterAKillEventsComeAgainAndNoneIsMissing() throws Exception {
    for (int i = 0; i < 200; i++) {
      writer.write("payment.shard." + i % 4, "pay_" + i % 4, "pay_" + i % 4, "pay_x" + i % 40);
    }
    Process killed = RelayProcess.start(postgres, "node-2", "KAFKA_SENT:1", Mode.AT_LEAST_ONCE);
    try {
      assertThat(killed.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      killed.destroyForcibly();
    }
    assertThat(killed.exitValue()).isEqualTo(137);
    deploy(Mode.AT_LEAST_ONCE);
    writer.write("payment.shard.0", "pay_0", "pay_0");
    assertThat(reader.awaitAtLeastOnce(writer.written())).isPositive();
  }

  @Test
  void theModeCanChangeBetweenStartsInBothDirections() {
    for (Mode mode :
        List.of(Mode.EXACTLY_ONCE, Mode.AT_LEAST_ONCE, Mode.EXACTLY_ONCE, Mode.AT_LEAST_ONCE)) {
      RelayVerticle relay = deploy(mode);
      for (int i = 0; i < 8; i++) {
        writer.write("payment.shard." + i % 4, "pay_" + i, "pay_" + i);
      }
      reader.awaitExactly(writer.written());
      TestNode.await(node.vertx().undeploy(relay.deploymentID()));
    }
  }

  @Test
  void nothingOvertakesAnEventThatKafkaRefuses() throws Exception {
    KafkaReader.narrowTopic(2_000);
    Buffer large = Buffer.buffer(new byte[5_000]);
    writer.write("payment.shard.0", "pay_large", "pay_other");
    writer.write("payment.shard.0", Topics.PAYMENTS, large, List.of("pay_large"));
    writer.write("payment.shard.0", "pay_large", "pay_large", "pay_other");
    deploy(Mode.AT_LEAST_ONCE);
    await().atMost(LIMIT).until(() -> gauge(node, "ducat.relay.parked") == 3);
    KafkaReader.widenTopic();
    TestNode.await(
        node.node()
            .queries()
            .query("update outbox.parked set redrive_asked_at = clock_timestamp()")
            .execute());
    // The owner hears of wishes that it recorded itself; this one it finds when it looks again.
    writer.write("payment.shard.0", "pay_large");
    reader.awaitAtLeastOnce(writer.written());
  }

  @Test
  void noWaveHasTwoEventsOfAKey() {
    writer.write("payment.shard.0", "pay_1", "pay_2", "pay_1", "pay_3", "pay_1", "pay_2");
    List<List<String>> waves = new ArrayList<>();
    for (List<StoredEvent> wave : PlainProducer.waves(writer.written())) {
      waves.add(wave.stream().map(e -> e.event().key() + " " + e.event().version()).toList());
    }
    assertThat(waves)
        .containsExactly(
            List.of("pay_1 1", "pay_2 1", "pay_3 1"),
            List.of("pay_1 2", "pay_2 2"),
            List.of("pay_1 3"));
  }
}
