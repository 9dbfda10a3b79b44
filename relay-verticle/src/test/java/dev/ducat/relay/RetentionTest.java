package dev.ducat.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.relay.RelaySettings.Mode;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Old partitions go when everything in them is in Kafka, and not a moment before. */
class RetentionTest extends RelayHarness {
  /** Before the week in which {@link OutboxWriter}'s events happen: empty. */
  private static final String OLD = "event_2026w18";

  private static final String OPEN_OLD =
      "create table outbox.event_2026w18 partition of outbox.event"
          + " for values from ('2026-04-27 00:00:00+00') to ('2026-05-04 00:00:00+00');"
          + "create table outbox.event_2026w19 partition of outbox.event"
          + " for values from ('2026-05-04 00:00:00+00') to ('2026-05-11 00:00:00+00');"
          + "alter table outbox.event_2026w18 owner to ducat_owner;"
          + "alter table outbox.event_2026w19 owner to ducat_owner";

  /** These relays drop nothing by themselves. */
  private static final RelaySettings KEEPING =
      settings().withRetention(Duration.ofDays(36_500), "retention_test");

  private TestNode node;
  private OutboxWriter writer;

  @BeforeEach
  void open() {
    node = node("node-1");
    writer = writer(node);
    sql(OPEN_OLD);
  }

  @Test
  void whatIsNotPublishedStaysAndWhatIsPublishedGoes() {
    writer.write("payment.shard.0", "pay_1", "pay_1");
    writer.write("ledger.lane.1", "tr_1");
    assertThat(drop(Mode.EXACTLY_ONCE)).containsExactly(OLD);
    assertThat(drop(Mode.EXACTLY_ONCE)).isEmpty();

    RelayVerticle relay = deploy(node, KEEPING);
    reader().awaitExactly(writer.written());
    await().atMost(LIMIT).until(() -> positions(node).size() == 2);
    TestNode.await(node.vertx().undeploy(relay.deploymentID()));
    writer.write("payment.shard.3", "pay_2");
    // One stream is behind.
    assertThat(drop(Mode.EXACTLY_ONCE)).isEmpty();
    RelayVerticle again = deploy(node, KEEPING);
    await().atMost(LIMIT).until(() -> positions(node).size() == 3);
    assertThat(drop(Mode.EXACTLY_ONCE)).containsExactly("event_2026w19");

    // Positions whose events are gone are no contradiction.
    TestNode.await(node.vertx().undeploy(again.deploymentID()));
    RelayVerticle third = deploy(node, KEEPING);
    awaitState(third, status -> status.state() == SlotState.RELAYING);
    assertThat(drop(Mode.EXACTLY_ONCE)).isEmpty();
  }

  @Test
  void aParkedEventKeepsItsPartition() throws Exception {
    KafkaReader.narrowTopic(2_000);
    RelayVerticle relay = deploy(node, KEEPING);
    writer.write(
        "payment.shard.0", Topics.PAYMENTS, Buffer.buffer(new byte[5_000]), List.of("pay_large"));
    await().atMost(LIMIT).until(() -> positions(node).size() == 1);
    assertThat(drop(Mode.EXACTLY_ONCE)).doesNotContain("event_2026w19");
    KafkaReader.widenTopic();
    sql("update outbox.parked set redrive_asked_at = clock_timestamp()");
    TestNode.await(node.vertx().undeploy(relay.deploymentID()));
    deploy(node, KEEPING);
    reader().awaitExactly(writer.written());
    await().atMost(LIMIT).until(() -> drop(Mode.EXACTLY_ONCE).contains("event_2026w19"));
  }

  @Test
  void youngPartitionsStayAndFutureOnesAreMade() {
    writer.write("payment.shard.0", "pay_1");
    Retention patient =
        new Retention(
            node.vertx(),
            node.node(),
            settings().withRetention(Duration.ofDays(36_500), "ducat_outbox"));
    assertThat(TestNode.await(patient.runOnce())).isEmpty();
    assertThat(
            sql(
                "select count(*) from pg_inherits i join pg_class c on c.oid = i.inhrelid"
                    + " where i.inhparent = 'outbox.event'::regclass and c.relname ~ 'w'"
                    + " and (to_date(substr(c.relname, 7), 'IYYY\"w\"IW')) > current_date"))
        .containsExactly("4");
  }

  @Test
  void withAnotherProgramInTheRelaysPlaceItsSlotDecides() {
    sql("select pg_create_logical_replication_slot('retention_test', 'pgoutput')");
    try {
      writer.write("payment.shard.0", "pay_1");
      assertThat(drop(Mode.EXTERNAL)).isEmpty();
      assertThat(drop(Mode.EXTERNAL)).isEmpty();
      // What such a program does when Kafka has acknowledged everything so far.
      sql("select pg_replication_slot_advance('retention_test', pg_current_wal_lsn())");
      assertThat(drop(Mode.EXTERNAL)).containsExactly(OLD, "event_2026w19");
    } finally {
      sql("select pg_drop_replication_slot('retention_test')");
    }
  }

  private List<String> drop(Mode mode) {
    return TestNode.await(
        new Retention(
                node.vertx(),
                node.node(),
                settings().withMode(mode).withRetention(Duration.ofDays(7), "retention_test"))
            .runOnce());
  }

  private List<String> sql(String text) {
    List<String> first = new ArrayList<>();
    for (Row row : TestNode.await(node.node().queries().query(text).execute())) {
      first.add(String.valueOf(row.getValue(0)));
    }
    return first;
  }
}
