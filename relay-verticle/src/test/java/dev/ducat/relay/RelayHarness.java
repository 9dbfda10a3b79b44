package dev.ducat.relay;

import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.Doorbell;
import dev.ducat.relay.RelaySettings.Retry;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test with topics and a database of its own, and what it needs to run relays on them. */
@ExtendWith(VertxExtension.class)
abstract class RelayHarness {
  static final Duration LIMIT = Duration.ofSeconds(30);
  static final ShardSettings SHARDS =
      new ShardSettings(
          4, 2, 2, Duration.ofMillis(1_500), Duration.ofMillis(400), Duration.ofSeconds(3));

  private final List<AutoCloseable> opened = new ArrayList<>();
  private Vertx vertx;
  PgSettings postgres;

  @BeforeEach
  void setUp(Vertx vertx) {
    this.vertx = vertx;
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

  static void awaitState(RelayVerticle relay, Predicate<SlotStatus> expected) {
    await()
        .atMost(LIMIT)
        .until(() -> !relay.status().isEmpty() && relay.status().stream().allMatch(expected));
  }

  static double gauge(TestNode node, String name) {
    return node.node().meters().find(name).gauges().stream().mapToDouble(g -> g.value()).sum();
  }

  static List<String> positions(TestNode node) {
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

  TestNode node(String name) {
    return opened(TestNode.start(vertx, postgres, name, SHARDS, new SystemClock()));
  }

  /** A second node, with a bus of its own. */
  TestNode apart(String name) {
    return opened(TestNode.apart(postgres, name, SHARDS, new SystemClock()));
  }

  /** Gives a node's relay what was written, as a lane does whose commit was answered. */
  static void handOn(TestNode node, List<StoredEvent> events) {
    node.node().tail().committed(List.copyOf(events));
    Doorbell.Builder news = Doorbell.newBuilder();
    events.forEach(event -> news.addStreams(event.stream()));
    node.node().bus().publish("relay.doorbell", news.build());
  }

  RelayVerticle deploy(TestNode node) {
    return deploy(node, settings());
  }

  static RelayVerticle deploy(TestNode node, RelaySettings settings) {
    RelayVerticle relay = new RelayVerticle(node.node(), settings);
    node.deploy(relay);
    return relay;
  }

  OutboxWriter writer(TestNode node) {
    return opened(new OutboxWriter(node.vertx(), postgres));
  }

  KafkaReader reader() {
    return opened(new KafkaReader());
  }

  /** Closed after the test, the last one opened first. */
  <T extends AutoCloseable> T opened(T resource) {
    opened.add(resource);
    return resource;
  }
}
