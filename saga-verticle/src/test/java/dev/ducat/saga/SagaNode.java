package dev.ducat.saga;

import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import java.time.Duration;

/** A node that runs the saga verticle beside a recording ledger. */
final class SagaNode implements AutoCloseable {
  private final TestNode node;

  private SagaNode(TestNode node) {
    this.node = node;
  }

  /** Starts a node, and waits until it owns every shard. */
  static SagaNode start(
      PgSettings postgres, String id, SagaSettings settings, RecordingLedger ledger) {
    return start(postgres, id, settings, ledger, ShardSettings.defaults());
  }

  static SagaNode start(
      PgSettings postgres,
      String id,
      SagaSettings settings,
      RecordingLedger ledger,
      ShardSettings shards) {
    TestNode node = TestNode.start(postgres, id, shards, new SystemClock());
    ledger.serve(node.node());
    TestNode.await(node.vertx().deployVerticle(new SagaVerticle(node.node(), settings)));
    SagaNode started = new SagaNode(node);
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> started.serves(shards.shards()));
    return started;
  }

  private boolean serves(int shards) {
    for (int shard = 0; shard < shards; shard++) {
      String address = UnitKind.PAYMENT_SHARD.address(shard);
      if (!TestNode.await(bus().ping(address, Duration.ofSeconds(1)).map(true).otherwise(false))) {
        return false;
      }
    }
    return true;
  }

  TestNode testNode() {
    return node;
  }

  Bus bus() {
    return node.node().bus();
  }

  /** Asks and waits for the answer. */
  ShardReply create(String tenant, CreatePaymentRequest request) {
    return TestNode.await(Requests.ask(bus(), tenant, request));
  }

  @Override
  public void close() {
    node.close();
  }
}
