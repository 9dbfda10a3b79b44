package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestDatabase;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.sqlclient.Row;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A release on its way in, and on its way back: nodes that know {1} beside nodes that know {1, 2}.
 */
@ExtendWith(VertxExtension.class)
final class DefinitionVersionsTest {
  private static final String TENANT = "t1";
  private static final Map<Integer, List<PaymentSaga.Row>> OLD = Map.of(1, PaymentSaga.TABLE);
  private static final Map<Integer, List<PaymentSaga.Row>> NEW =
      Map.of(1, PaymentSaga.TABLE, 2, PaymentSaga.TABLE);
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final ShardSettings SHORT_LEASES =
      new ShardSettings(
          64, 8, 4, Duration.ofMillis(1500), Duration.ofMillis(300), Duration.ofSeconds(5));

  @TempDir Path folder;

  private final PgSettings postgres = TestDatabase.create();
  private int counter;
  private final RecordingLedger ledger = new RecordingLedger();

  private SagaNode join(TestNode node, Map<Integer, List<PaymentSaga.Row>> definitions) {
    SagaSettings settings = SagaSettings.defaults(folder.resolve("simulator.journal"));
    return SagaNode.join(node, settings, ledger, definitions);
  }

  private TestNode apart(String name) {
    return TestNode.apart(postgres, name, SHORT_LEASES, new SystemClock());
  }

  private static void awaitShards(SagaNode node, int shards) {
    await().atMost(LIMIT).until(() -> node.held().size() == shards && node.servesWhatItHolds());
  }

  /** Also where most of the shards are such: who can takes more than its fair share. */
  @Test
  void aShardGoesOnlyToANodeThatKnowsWhatItsSagasNeed(Vertx vertx) {
    Set<Integer> needing;
    TestNode first = TestNode.start(vertx, postgres, "new-1", SHORT_LEASES, new SystemClock());
    try (SagaNode newest = join(first, NEW)) {
      awaitShards(newest, 64);
      needing = parkedIn(newest, 40);
    }
    try (SagaNode old = join(apart("old"), OLD)) {
      awaitShards(old, 64 - needing.size());
      assertThat(old.held()).doesNotContainAnyElementsOf(needing);
      try (SagaNode newest = join(apart("new-2"), NEW)) {
        // And there they stay, though the old node has less than its share.
        await()
            .during(SHORT_LEASES.lease())
            .atMost(LIMIT)
            .until(() -> newest.held().containsAll(needing));
        awaitShards(newest, needing.size());
        awaitShards(old, 64 - needing.size());
      }
    }
  }

  @Test
  void aNewVersionBeginsSagasOnceEveryLiveNodeKnowsIt(Vertx vertx) {
    TestNode first = TestNode.start(vertx, postgres, "new", SHORT_LEASES, new SystemClock());
    try (SagaNode newest = join(first, NEW)) {
      try (SagaNode old = join(apart("old"), OLD)) {
        awaitShards(old, 32);
        awaitShards(newest, 32);
        awaitVersion(newest, 1);
      }
      awaitVersion(newest, 2);
    }
  }

  /** Payments that wait for a person, in as many shards. */
  private static Set<Integer> parkedIn(SagaNode node, int shards) {
    Set<Integer> parked = new HashSet<>();
    List<Future<ShardReply>> asked = new ArrayList<>();
    for (int i = 0; parked.size() < shards; i++) {
      if (parked.add(Requests.shardOf(TENANT, "parked-" + i))) {
        asked.add(ask(node, Requests.payment("parked-" + i, "sim_wrong_amount", 100)));
      }
    }
    TestNode.await(Future.all(asked));
    return parked;
  }

  private static Future<ShardReply> ask(SagaNode node, CreatePaymentRequest request) {
    return Requests.ask(node.bus(), TENANT, request);
  }

  /** Asks again where the shard is held and not served yet. */
  private void awaitVersion(SagaNode node, int version) {
    await()
        .atMost(LIMIT)
        .ignoreExceptionsInstanceOf(BusException.class)
        .until(() -> versionOfNewSaga(node) == version);
  }

  private int versionOfNewSaga(SagaNode node) {
    Set<Integer> here = node.held();
    String key;
    do {
      key = "fresh-" + counter++;
    } while (!here.contains(Requests.shardOf(TENANT, key)));
    TestNode.await(ask(node, Requests.payment(key, "sim_ok", 100)));
    Row row =
        TestNode.await(
                node.testNode()
                    .node()
                    .queries()
                    .query(
                        "select definition_version from payment.saga where idempotency_key = '%s'"
                            .formatted(key))
                    .execute())
            .iterator()
            .next();
    return row.getInteger(0);
  }
}
