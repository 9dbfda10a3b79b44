package dev.ducat.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;

/** What makes a slot stop instead of going on, and what it insists on. */
class RelayStopsTest extends RelayHarness {
  @Test
  void stopsWhenKafkaHasLostItsReceipts() {
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    RelayVerticle relay = deploy(node);
    writer.write("payment.shard.0", "pay_1", "pay_1");
    await().atMost(LIMIT).until(() -> !positions(node).isEmpty());
    TestNode.await(node.vertx().undeploy(relay.deploymentID()));
    KafkaReader.forgetTopics();

    RelayVerticle again = deploy(node);
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(again.status())
                    .anySatisfy(
                        status -> {
                          assertThat(status.state()).isEqualTo(SlotState.STOPPED);
                          assertThat(status.reason()).contains("Kafka has no receipt");
                        }));
    assertThat(gauge(node, "ducat.relay.stopped")).isEqualTo(1);
    writer.write("payment.shard.0", "pay_1");
    // The other slot has no quarrel and goes on: when its event is there, the stopped one had its
    // chance.
    writer.write("payment.shard.1", "pay_2");
    KafkaReader reader = reader();
    await().atMost(LIMIT).until(() -> !reader.read().isEmpty());
    assertThat(reader.read())
        .allMatch(r -> KafkaReader.header(r, "stream").equals("payment.shard.1"));
  }

  @Test
  void stopsOnTheReceiptsOfAnotherDatabase() {
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    RelayVerticle relay = deploy(node);
    writer.write("payment.shard.0", "pay_1", "pay_1");
    reader().awaitExactly(writer.written());
    TestNode.await(node.vertx().undeploy(relay.deploymentID()));

    postgres = TestDatabase.create();
    TestNode restored = apart("node-2");
    OutboxWriter other = writer(restored);
    other.write("payment.shard.0", "pay_1", "pay_1", "pay_1");
    RelayVerticle stopped = deploy(restored);
    awaitState(
        stopped,
        status ->
            status.slot() == 1
                || (status.state() == SlotState.STOPPED
                    && String.valueOf(status.reason()).contains("the receipt in Kafka has event")));
  }

  @Test
  void refusesAPositionsTopicThatForgets() throws Exception {
    TestNode node = node("node-1");
    try (Admin admin = KafkaReader.admin()) {
      NewTopic forgetful = new NewTopic(Topics.RELAY_POSITIONS, 2, (short) 1);
      admin
          .createTopics(List.of(forgetful.configs(Map.of("cleanup.policy", "compact,delete"))))
          .all()
          .get();
      RelayVerticle relay = deploy(node);
      awaitState(
          relay,
          status ->
              status.state() == SlotState.STOPPED
                  && String.valueOf(status.reason()).contains("cleanup.policy=compact,delete"));
    }
  }

  @Test
  void createsTheTopicsItNeeds() throws Exception {
    TestNode node = node("node-1");
    RelayVerticle relay = deploy(node);
    awaitState(relay, status -> status.state() == SlotState.RELAYING);
    try (Admin admin = KafkaReader.admin()) {
      assertThat(admin.describeConfigs(List.of(resource(Topics.RELAY_POSITIONS))).all().get())
          .allSatisfy(
              (topic, config) ->
                  assertThat(config.get("cleanup.policy").value()).isEqualTo("compact"));
      Map<String, Integer> partitions = new HashMap<>();
      admin
          .describeTopics(
              List.of(Topics.PAYMENTS, Topics.LEDGER, Topics.AUDIT, Topics.RELAY_POSITIONS))
          .allTopicNames()
          .get()
          .forEach((name, topic) -> partitions.put(name, topic.partitions().size()));
      assertThat(partitions)
          .isEqualTo(
              Map.of(
                  Topics.PAYMENTS,
                  12,
                  Topics.LEDGER,
                  12,
                  Topics.AUDIT,
                  12,
                  Topics.RELAY_POSITIONS,
                  2));
    }
  }

  private static ConfigResource resource(String topic) {
    return new ConfigResource(ConfigResource.Type.TOPIC, topic);
  }
}
