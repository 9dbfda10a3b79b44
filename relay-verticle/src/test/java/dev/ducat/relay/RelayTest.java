package dev.ducat.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.Service;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.Doorbell;
import dev.ducat.relay.RelaySettings.Retry;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The relay on a real database and a real broker. */
class RelayTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  static final ShardSettings SHARDS =
      new ShardSettings(
          4, 2, 2, Duration.ofMillis(1_500), Duration.ofMillis(400), Duration.ofSeconds(3));

  private final List<AutoCloseable> opened = new ArrayList<>();
  private PgSettings postgres;

  @BeforeEach
  void setUp() {
    KafkaReader.forgetTopics();
    postgres = TestDatabase.create();
  }

  @AfterEach
  void tearDown() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  static RelaySettings settings() {
    return settings(KafkaReader.bootstrap());
  }

  static RelaySettings settings(String bootstrap) {
    return RelaySettings.defaults(bootstrap)
        .withRetry(
            new Retry(
                Duration.ofMillis(50),
                Duration.ofMillis(500),
                Duration.ofMillis(300),
                Duration.ofMillis(100)));
  }

  @Test
  void publishesEachEventOnceInOrderPerKey() {
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    for (int i = 0; i < 30; i++) {
      writer.write("payment.shard." + i % 4, "pay_" + i % 8, "pay_" + i % 8, "pay_x" + i);
      writer.write("ledger.lane." + i % 2, Topics.LEDGER, Buffer.buffer("t"), List.of("tr_" + i));
    }
    deploy(node);
    reader().awaitExactly(writer.written());
  }

  @Test
  void recordsAreCloudEventsInBinaryMode() {
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    deploy(node);
    writer.write("payment.shard.3", "pay_1");
    KafkaReader reader = reader();
    reader.awaitExactly(writer.written());
    StoredEvent event = writer.written().getFirst();
    ConsumerRecord<byte[], byte[]> record = reader.read().getFirst();
    assertThat(record.topic()).isEqualTo("ducat.payments.v1");
    assertThat(new String(record.value(), UTF_8)).isEqualTo("payload of payment.shard.3");
    assertThat(KafkaReader.header(record, "ce_id"))
        .isEqualTo(IdKind.EVENT.text(event.event().eventId()));
    assertThat(KafkaReader.header(record, "ce_type")).isEqualTo("dev.ducat.payment.authorized.v1");
    assertThat(KafkaReader.header(record, "ce_source")).isEqualTo("/ducat/payments");
    assertThat(KafkaReader.header(record, "ce_time")).isEqualTo("2026-05-04T03:02:02.123456Z");
    assertThat(KafkaReader.header(record, "ce_subject")).isEqualTo("pay_1");
    assertThat(KafkaReader.header(record, "ce_specversion")).isEqualTo("1.0");
    assertThat(KafkaReader.header(record, "content-type")).isEqualTo("application/protobuf");
    assertThat(KafkaReader.header(record, "tenant")).isEqualTo("default");
    assertThat(KafkaReader.header(record, "version")).isEqualTo("1");
    assertThat(KafkaReader.header(record, "traceparent")).startsWith("00-4bf9");
  }

  @Test
  void theDoorbellSavesTheWait() {
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    RelaySettings patient =
        new RelaySettings(
            KafkaReader.bootstrap(),
            Map.of(),
            12,
            (short) 1,
            settings().batch(),
            new RelaySettings.Poll(Duration.ofMinutes(5), Duration.ofMinutes(5)),
            settings().retry());
    RelayVerticle relay = deploy(node, patient);
    awaitState(relay, status -> status.state() == SlotState.RELAYING);
    writer.write("payment.shard.1", "pay_1");
    KafkaReader reader = reader();
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              node.node()
                  .bus()
                  .publish(
                      "relay.doorbell",
                      Doorbell.newBuilder().addStreams("payment.shard.1").build());
              return !reader.read().isEmpty();
            });
    reader.awaitExactly(writer.written());
  }

  @Test
  void drainsALongBacklogInOrder() {
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    for (int i = 0; i < 100; i++) {
      List<String> keys = new ArrayList<>();
      for (int k = 0; k < 500; k++) {
        keys.add("pay_" + i % 4 + "_" + k % 40);
      }
      writer.write("payment.shard." + i % 4, Topics.PAYMENTS, Buffer.buffer(new byte[300]), keys);
    }
    deploy(node);
    reader().awaitExactly(writer.written());
    assertThat(writer.written()).hasSize(50_000);
  }

  @Test
  void cutsBatchesByBytesWithoutLeavingAnythingOut() {
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    for (int i = 0; i < 10; i++) {
      writer.write(
          "payment.shard.0",
          Topics.PAYMENTS,
          Buffer.buffer(new byte[400]),
          List.of("pay_a", "pay_b", "pay_a"));
    }
    deploy(node, settings().withBatch(7, 1_000));
    reader().awaitExactly(writer.written());
  }

  @Test
  void paymentsGoOnWhileKafkaIsAwayAndEventsFollowInOrder() {
    EmbeddedServices services = EmbeddedServices.forTests(Service.KAFKA);
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    RelayVerticle relay = deploy(node);
    writer.write("payment.shard.0", "pay_1", "pay_2");
    KafkaReader reader = reader();
    reader.awaitExactly(writer.written());
    services.kill(Service.KAFKA);
    try {
      for (int i = 0; i < 50; i++) {
        writer.write("payment.shard." + i % 4, "pay_1" + i % 4, "pay_1" + i % 4);
      }
      await()
          .atMost(LIMIT)
          .until(() -> relay.status().stream().anyMatch(s -> s.state() == SlotState.WAITING));
      await().atMost(LIMIT).until(() -> gauge(node, "ducat.relay.lag.events") == 100);
      assertThat(gauge(node, "ducat.relay.lag.seconds")).isPositive();
    } finally {
      services.restart(Service.KAFKA);
    }
    reader.awaitExactly(writer.written());
    await().atMost(LIMIT).until(() -> gauge(node, "ducat.relay.lag.events") == 0);
  }

  @Test
  void startsWhileKafkaIsDown() {
    EmbeddedServices services = EmbeddedServices.forTests(Service.KAFKA);
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    RelaySettings settings = settings();
    services.stop(Service.KAFKA);
    try {
      RelayVerticle relay = deploy(node, settings);
      writer.write("payment.shard.2", "pay_1", "pay_1");
      await()
          .atMost(LIMIT)
          .until(() -> relay.status().stream().anyMatch(s -> s.state() == SlotState.WAITING));
    } finally {
      services.restart(Service.KAFKA);
    }
    reader().awaitExactly(writer.written());
  }

  @Test
  void anotherNodeGoesOnWhereTheFirstOneLeft() {
    TestNode first = node("node-1");
    OutboxWriter writer = writer(first);
    deploy(first);
    writer.write("payment.shard.0", "pay_1", "pay_1", "pay_2");
    KafkaReader reader = reader();
    reader.awaitExactly(writer.written());
    TestNode second = node("node-2");
    RelayVerticle relay = deploy(second);
    awaitState(relay, status -> status.state() == SlotState.RELAYING);
    for (int i = 0; i < 40; i++) {
      writer.write("payment.shard." + i % 4, "pay_s" + i % 4, "pay_s" + i % 4);
    }
    reader.awaitExactly(writer.written());
  }

  @Test
  void positionsAreCopiedToPostgres() {
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    deploy(node);
    writer.write("payment.shard.0", "pay_1", "pay_1", "pay_2");
    writer.write("payment.shard.3", "pay_3");
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(positions(node))
                    .containsExactlyInAnyOrder("payment.shard.0 3 0", "payment.shard.3 1 1"));
  }

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
    TestNode restored = node("node-2");
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
                  Topics.PAYMENTS, 12, Topics.LEDGER, 12, Topics.AUDIT, 12,
                  Topics.RELAY_POSITIONS, 2));
    }
  }

  @Test
  void anEventThatKafkaRefusesStopsItsSlotAndIsNotPassedOver() throws Exception {
    TestNode node = node("node-1");
    OutboxWriter writer = writer(node);
    RelayVerticle relay = deploy(node);
    awaitState(relay, status -> status.state() == SlotState.RELAYING);
    maxMessageBytes("2000");
    Buffer large = Buffer.buffer(new byte[5_000]);
    writer.write("payment.shard.0", Topics.PAYMENTS, large, List.of("pay_large"));
    writer.write("payment.shard.0", "pay_small");
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(relay.status())
                    .anySatisfy(
                        status -> {
                          assertThat(status.state()).isEqualTo(SlotState.STOPPED);
                          assertThat(status.reason()).contains("Kafka refuses event");
                        }));
    writer.write("payment.shard.1", "pay_other");
    KafkaReader reader = reader();
    await().atMost(LIMIT).until(() -> !reader.read().isEmpty());
    assertThat(reader.read())
        .allMatch(r -> KafkaReader.header(r, "stream").equals("payment.shard.1"));

    maxMessageBytes("1000000");
    reader.awaitExactly(writer.written());
  }

  private static void maxMessageBytes(String bytes) throws Exception {
    try (Admin admin = KafkaReader.admin()) {
      AlterConfigOp set =
          new AlterConfigOp(new ConfigEntry("max.message.bytes", bytes), AlterConfigOp.OpType.SET);
      admin.incrementalAlterConfigs(Map.of(resource(Topics.PAYMENTS), List.of(set))).all().get();
    }
  }

  private static ConfigResource resource(String topic) {
    return new ConfigResource(ConfigResource.Type.TOPIC, topic);
  }

  private static void awaitState(RelayVerticle relay, Predicate<SlotStatus> expected) {
    await()
        .atMost(LIMIT)
        .until(() -> !relay.status().isEmpty() && relay.status().stream().allMatch(expected));
  }

  private static double gauge(TestNode node, String name) {
    return node.node().meters().find(name).gauges().stream().mapToDouble(g -> g.value()).sum();
  }

  private static List<String> positions(TestNode node) {
    List<String> rows = new ArrayList<>();
    for (Row row :
        TestNode.await(
            node.node()
                .queries()
                .query("select stream, seq, slot from outbox.position")
                .execute())) {
      rows.add(row.getString(0) + " " + row.getLong(1) + " " + row.getInteger(2));
    }
    return rows;
  }

  private TestNode node(String name) {
    TestNode node = TestNode.start(postgres, name, SHARDS, new SystemClock());
    opened.add(node);
    return node;
  }

  private RelayVerticle deploy(TestNode node) {
    return deploy(node, settings());
  }

  private static RelayVerticle deploy(TestNode node, RelaySettings settings) {
    RelayVerticle relay = new RelayVerticle(node.node(), settings);
    TestNode.await(node.vertx().deployVerticle(relay));
    return relay;
  }

  private OutboxWriter writer(TestNode node) {
    OutboxWriter writer = new OutboxWriter(node.vertx(), postgres);
    opened.add(writer);
    return writer;
  }

  private KafkaReader reader() {
    KafkaReader reader = new KafkaReader();
    opened.add(reader);
    return reader;
  }
}
