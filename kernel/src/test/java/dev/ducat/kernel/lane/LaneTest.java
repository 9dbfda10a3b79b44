package dev.ducat.kernel.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.lane.CounterActor.Add;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.shard.UnitOwner;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LaneTest {
  private static final ShardSettings FOUR_SHARDS =
      new ShardSettings(
          4, 1, 1, Duration.ofSeconds(3), Duration.ofMillis(500), Duration.ofSeconds(1));

  private final PgSettings postgres = TestDatabase.create();
  private final List<Counting> nodes = new ArrayList<>();

  /** A node whose payment shards are counters. */
  private static final class Counting implements UnitOwner, AutoCloseable {
    final TestNode test;
    final Lane<Add> lane;
    final Set<Lease> owned = ConcurrentHashMap.newKeySet();

    Counting(PgSettings database, PgSettings forLane, String nodeId, ShardSettings shards) {
      test = TestNode.apart(database, nodeId, shards, new SystemClock());
      var node = test.node();
      var withOtherWire =
          new dev.ducat.kernel.node.Node(
              node.nodeId(),
              node.clock(),
              node.ids(),
              node.bus(),
              node.leases(),
              forLane,
              node.queries(),
              node.meters());
      lane =
          new Lane<>(
              nodeId,
              withOtherWire,
              test.vertx(),
              new LaneSettings(1_000, 100, Duration.ofSeconds(2)),
              new CounterActor());
      lane.start();
      node.leases().serve(UnitKind.PAYMENT_SHARD, this);
    }

    @Override
    public Future<Void> acquired(Lease lease) {
      return lane.takeOver(lease).onSuccess(loaded -> owned.add(lease));
    }

    @Override
    public Future<Void> leaving(Lease lease) {
      owned.remove(lease);
      return lane.drop(lease);
    }

    @Override
    public void lost(Lease lease) {
      owned.remove(lease);
      lane.drop(lease);
    }

    long add(String stream, long amount) {
      Add add = Add.of(stream, amount);
      lane.put(add);
      return TestNode.await(add.answer().future());
    }

    @Override
    public void close() {
      TestNode.await(test.node().leases().withdraw(UnitKind.PAYMENT_SHARD));
      TestNode.await(lane.stop());
      test.close();
    }
  }

  private Counting start(String nodeId) {
    return start(nodeId, postgres);
  }

  private Counting start(String nodeId, PgSettings laneWire) {
    Counting node = new Counting(postgres, laneWire, nodeId, FOUR_SHARDS);
    nodes.add(node);
    return node;
  }

  @BeforeEach
  void createTable() {
    try (TestNode setup = TestNode.apart(postgres, "setup", FOUR_SHARDS, new SystemClock())) {
      CounterActor.createTable(setup.node().queries());
    }
  }

  @AfterEach
  void closeNodes() {
    nodes.forEach(Counting::close);
  }

  private long sql(Counting node, String query) {
    Row row = TestNode.await(node.test.node().queries().query(query).execute()).iterator().next();
    return row.getLong(0);
  }

  @Test
  void commitsManyMessagesOfManyStreamsInFewTransactions() {
    Counting node = start("a");
    await().until(() -> node.owned.size() == 4);
    List<Add> adds = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      Add add = Add.of(UnitKind.PAYMENT_SHARD.address(i % 4), 1);
      adds.add(add);
      node.lane.put(add);
    }
    adds.forEach(add -> TestNode.await(add.answer().future()));
    assertThat(sql(node, "select sum(value)::bigint from counter")).isEqualTo(1_000);
    assertThat(sql(node, "select count(*) from outbox.event")).isEqualTo(1_000);
    assertThat(sql(node, "select sum(head)::bigint from outbox.stream")).isEqualTo(1_000);
    assertThat(sql(node, "select sum(n)::bigint from outbox.stream")).isLessThan(200);
    assertThat(
            sql(
                node,
                "select count(*) from (select stream, max(seq) - count(*) gap from outbox.event group by stream)"
                    + " where gap <> 0"))
        .isZero();
  }

  @Test
  void refusesOnlyTheMessageThatTheDatabaseRefuses() {
    Counting node = start("a");
    await().until(() -> node.owned.size() == 4);
    String good = UnitKind.PAYMENT_SHARD.address(0);
    String bad = UnitKind.PAYMENT_SHARD.address(1);
    List<Add> adds = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      adds.add(Add.of(i == 20 ? bad : good, i == 20 ? 5_000_000 : 1));
    }
    adds.forEach(node.lane::put);
    adds.stream()
        .filter(add -> add.stream().equals(good))
        .forEach(add -> TestNode.await(add.answer().future()));
    assertThatThrownBy(() -> TestNode.await(adds.get(20).answer().future()))
        .hasMessageContaining("23514");
    assertThat(node.add(good, 1)).isEqualTo(50);
    assertThat(node.add(bad, 1)).isEqualTo(1);
  }

  @Test
  void refusesOnlyTheMessageThatCannotBeDecided() {
    Counting node = start("a");
    await().until(() -> node.owned.size() == 4);
    String stream = UnitKind.PAYMENT_SHARD.address(2);
    List<Add> adds = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      adds.add(Add.of(stream, i == 7 ? 13 : 1));
    }
    adds.forEach(node.lane::put);
    assertThatThrownBy(() -> TestNode.await(adds.get(7).answer().future()))
        .hasMessageContaining("13 cannot be decided");
    assertThat(node.add(stream, 0)).isEqualTo(19);
  }

  @Test
  void refusesOnlyTheMessageThatCannotBeLoaded() {
    Counting node = start("a");
    await().until(() -> node.owned.size() == 4);
    String stream = UnitKind.PAYMENT_SHARD.address(2);
    List<Add> adds = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      adds.add(Add.of(stream, i == 3 ? 17 : 1));
    }
    adds.forEach(node.lane::put);
    assertThatThrownBy(() -> TestNode.await(adds.get(3).answer().future()))
        .hasMessageContaining("load");
    assertThat(node.add(stream, 0)).isEqualTo(7);
  }

  @Test
  void sharesUnitsWithAJoiningNodeAndTakesThemBackWhenItLeaves() {
    Counting a = start("a");
    await().until(() -> a.owned.size() == 4);
    Counting b = start("b");
    await().until(() -> a.owned.size() == 2 && b.owned.size() == 2);
    for (Lease lease : b.owned) {
      assertThat(b.add(lease.address(), 7)).isEqualTo(7);
    }
    b.close();
    nodes.remove(b);
    await().until(() -> a.owned.size() == 4);
    long sum = 0;
    for (int unit = 0; unit < 4; unit++) {
      sum += a.add(UnitKind.PAYMENT_SHARD.address(unit), 0);
    }
    assertThat(sum).isEqualTo(14);
  }

  @Test
  void fencesAnOwnerWhoseUnitsWereTakenOverWhileItSlept() {
    Counting a = start("a");
    await().until(() -> a.owned.size() == 4);
    String stream = UnitKind.PAYMENT_SHARD.address(3);
    assertThat(a.add(stream, 5)).isEqualTo(5);
    // What a process sees that was paused: its lease has run out and gone to somebody else, its
    // memory says otherwise.
    TestNode.await(
        a.test
            .node()
            .queries()
            .query(
                "update shard.lease set owner = gen_random_uuid(), epoch = epoch + 1,"
                    + " expires_at = clock_timestamp() + interval '1 hour' where kind = 'payment.shard' and unit = 3;"
                    + " update outbox.stream s set owner = l.owner, epoch = l.epoch from shard.lease l"
                    + " where s.stream = 'payment.shard.3' and l.kind = 'payment.shard' and l.unit = 3")
            .execute());
    assertThatThrownBy(() -> a.add(stream, 1)).hasMessageContaining(CounterActor.NOT_OWNER);
    assertThat(sql(a, "select value from counter where stream = 'payment.shard.3'")).isEqualTo(5);
    assertThat(a.add(UnitKind.PAYMENT_SHARD.address(0), 1)).isEqualTo(1);
  }

  @Test
  void findsOutThatACommitHadHappenedWhoseAnswerWasLost() throws Exception {
    try (Wire wire = new Wire(postgres.port())) {
      Counting a = start("a", wire.settings(postgres));
      await().until(() -> a.owned.size() == 4);
      String stream = UnitKind.PAYMENT_SHARD.address(1);
      assertThat(a.add(stream, 1)).isEqualTo(1);
      wire.swallowAnswers();
      Add add = Add.of(stream, 10);
      a.lane.put(add);
      await()
          .until(() -> sql(a, "select value from counter where stream = 'payment.shard.1'") == 11);
      wire.cut();
      assertThat(TestNode.await(add.answer().future())).isEqualTo(11);
      assertThat(a.add(stream, 1)).isEqualTo(12);
    }
  }

  @Test
  void refusesAGhostCommitThatIsDeliveredAfterItsConnectionDied() throws Exception {
    try (Wire wire = new Wire(postgres.port())) {
      Counting a = start("a", wire.settings(postgres));
      await().until(() -> a.owned.size() == 4);
      String stream = UnitKind.PAYMENT_SHARD.address(2);
      assertThat(a.add(stream, 1)).isEqualTo(1);
      wire.holdRequests();
      Add add = Add.of(stream, 10);
      a.lane.put(add);
      await().until(wire::holdsSomething);
      wire.cutClientSide();
      // The lane settles the doubt over a new connection and decides the same message anew ...
      assertThat(TestNode.await(add.answer().future())).isEqualTo(11);
      // ... and only then the old transaction, BEGIN to COMMIT, reaches the server.
      String refusal = wire.deliverGhost();
      assertThat(refusal).contains("DF001");
      assertThat(a.add(stream, 1)).isEqualTo(12);
      assertThat(sql(a, "select value from counter where stream = 'payment.shard.2'"))
          .isEqualTo(12);
      assertThat(sql(a, "select count(*) from outbox.event where stream = 'payment.shard.2'"))
          .isEqualTo(3);
    }
  }
}
