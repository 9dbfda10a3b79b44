package dev.ducat.relay;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.testing.TestNode;
import io.vertx.core.buffer.Buffer;
import java.io.File;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** Debezium's outbox event router on the same outbox makes the records that the relay makes. */
class DebeziumInsteadTest extends RelayHarness {
  private static final String SUFFIX = ".by-debezium";
  private static final String SLOT = "ducat_outbox_test";

  /** A record as a consumer sees it, but for topic and time of arrival. */
  private record Seen(String key, String payload, Map<String, String> headers) {}

  @Test
  void theSameRecordsInTheSameOrderPerPayment() throws Exception {
    TestNode node = node("node-1");
    sql(
        node,
        "create publication ducat_outbox for table outbox.event"
            + " with (publish_via_partition_root = true)");
    sql(node, "select pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(SLOT));
    OutboxWriter writer = writer(node);
    for (int i = 0; i < 60; i++) {
      writer.write("payment.shard." + i % 4, "pay_" + i % 8, "pay_" + i % 8, "pay_x" + i);
      writer.write("ledger.lane." + i % 2, Topics.LEDGER, bytes(i), List.of("tr_" + i));
      writer.write("payment.shard." + i % 4, Topics.AUDIT, bytes(i), List.of("pay_a" + i));
    }
    deploy(node);
    KafkaReader ours = reader();
    ours.awaitExactly(writer.written());

    List<String> topics = KafkaReader.EVENT_TOPICS.stream().map(one -> one + SUFFIX).toList();
    createTopics(topics);
    Process debezium = debezium();
    try (KafkaReader theirs = new KafkaReader(topics)) {
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> theirs.read().size() >= writer.written().size());
      assertThat(seen(theirs.read())).isEqualTo(seen(ours.read()));
    } finally {
      debezium.getOutputStream().close();
      debezium.waitFor();
      sql(node, "select pg_drop_replication_slot('%s')".formatted(SLOT));
      dropTopics(topics);
    }
  }

  private static Buffer bytes(int i) {
    return Buffer.buffer(new byte[] {(byte) i, 0, -1});
  }

  /** By topic, partition and key, in order of arrival. */
  private static Map<String, List<Seen>> seen(List<ConsumerRecord<byte[], byte[]>> records) {
    Map<String, List<Seen>> seen = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      Map<String, String> headers = new HashMap<>();
      record.headers().forEach(one -> headers.put(one.key(), new String(one.value(), UTF_8)));
      String key = new String(record.key(), UTF_8);
      String place = record.topic().replace(SUFFIX, "") + " " + record.partition() + " " + key;
      seen.computeIfAbsent(place, none -> new ArrayList<>())
          .add(new Seen(key, new String(record.value(), ISO_8859_1), headers));
    }
    return seen;
  }

  private Process debezium() throws Exception {
    StringWriter properties = new StringWriter();
    properties().store(properties, null);
    Path build = build();
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                build.resolve("classes") + File.pathSeparator + build.resolve("lib") + "/*",
                "dev.ducat.bench.debezium.Main",
                properties.toString(),
                KafkaReader.bootstrap(),
                SUFFIX))
        .redirectErrorStream(true)
        .redirectOutput(Path.of("target", "debezium.log").toFile())
        .start();
  }

  /** As docs/debezium.md has it. */
  private Properties properties() {
    Properties all = new Properties();
    Map<String, String> settings = new HashMap<>();
    settings.put("name", "ducat-outbox");
    settings.put("topic.prefix", "ducat-outbox");
    settings.put("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    settings.put("database.hostname", postgres.host());
    settings.put("database.port", Integer.toString(postgres.port()));
    settings.put("database.dbname", postgres.database());
    settings.put("database.user", postgres.user());
    settings.put("database.password", postgres.password() == null ? "" : postgres.password());
    settings.put("plugin.name", "pgoutput");
    settings.put("slot.name", SLOT);
    settings.put("publication.name", "ducat_outbox");
    settings.put("publication.autocreate.mode", "disabled");
    settings.put("table.include.list", "outbox.event");
    settings.put("snapshot.mode", "no_data");
    settings.put("offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
    settings.put("transforms", "outbox,headers");
    settings.put("transforms.outbox.type", "io.debezium.transforms.outbox.EventRouter");
    settings.put("transforms.outbox.table.field.event.id", "event_id");
    settings.put("transforms.outbox.table.field.event.key", "key");
    settings.put("transforms.outbox.table.field.event.payload", "payload");
    settings.put("transforms.outbox.route.by.field", "topic");
    settings.put("transforms.outbox.route.topic.replacement", "${routedByValue}");
    settings.put(
        "transforms.outbox.table.fields.additional.placement",
        "type:header:ce_type,source:header:ce_source,created_at:header:ce_time,key:header:ce_subject,"
            + "tenant:header:tenant,version:header:version,stream:header:stream,seq:header:seq,"
            + "traceparent:header:traceparent");
    settings.put("transforms.headers.type", "dev.ducat.bench.debezium.OutboxHeaders");
    all.putAll(settings);
    return all;
  }

  private static void createTopics(List<String> topics) throws Exception {
    try (Admin admin = KafkaReader.admin()) {
      admin
          .createTopics(topics.stream().map(one -> new NewTopic(one, 12, (short) 1)).toList())
          .all()
          .get();
    }
  }

  private static void dropTopics(List<String> topics) throws Exception {
    try (Admin admin = KafkaReader.admin()) {
      admin.deleteTopics(topics).all().get();
    }
  }

  private static void sql(TestNode node, String text) {
    TestNode.await(node.node().queries().query(text).execute());
  }

  /** Where module {@code bench/debezium} was built, in the same way as this class was. */
  private static Path build() throws Exception {
    Path own =
        Path.of(
            DebeziumInsteadTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path target = Path.of("..", "bench", "debezium", "target").toAbsolutePath().normalize();
    Path build = own.resolve("..").normalize().endsWith("fast") ? target.resolve("fast") : target;
    assertThat(Files.isDirectory(build.resolve("lib"))).as("built: " + build).isTrue();
    return build;
  }
}
