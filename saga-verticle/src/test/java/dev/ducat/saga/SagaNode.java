package dev.ducat.saga;

import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A node that runs the saga verticle beside a recording ledger. */
final class SagaNode implements AutoCloseable {
  private final TestNode node;

  private SagaNode(TestNode node) {
    this.node = node;
  }

  /** Starts a node on a new database, and waits until it owns every shard. */
  static SagaNode start(Vertx vertx, SagaSettings settings, RecordingLedger ledger) {
    return start(TestNode.start(vertx), settings, ledger);
  }

  static SagaNode start(TestNode node, SagaSettings settings, RecordingLedger ledger) {
    SagaNode started = join(node, settings, ledger);
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> started.serves(node.node().leases().settings().shards()));
    return started;
  }

  /** Starts a node that gets what shards others leave to it. */
  static SagaNode join(TestNode node, SagaSettings settings, RecordingLedger ledger) {
    return join(node, settings, ledger, PaymentSaga.DEFINITIONS);
  }

  static SagaNode join(
      TestNode node,
      SagaSettings settings,
      RecordingLedger ledger,
      Map<Integer, List<PaymentSaga.Row>> definitions) {
    ledger.serve(node.node());
    node.deploy(new SagaVerticle(node.node(), settings, Map.of(), definitions));
    return new SagaNode(node);
  }

  private boolean serves(int shards) {
    return held().size() == shards && servesWhatItHolds();
  }

  /** A shard is held a moment before it is served. */
  boolean servesWhatItHolds() {
    for (int shard : held()) {
      String address = UnitKind.PAYMENT_SHARD.address(shard);
      if (!TestNode.await(bus().ping(address, Duration.ofSeconds(1)).map(true).otherwise(false))) {
        return false;
      }
    }
    return true;
  }

  /** The shards that it holds. */
  Set<Integer> held() {
    return node.node().leases().held(UnitKind.PAYMENT_SHARD).stream()
        .map(Lease::unit)
        .collect(Collectors.toSet());
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

  /** Asks for an operation and waits for the answer. */
  ShardReply operate(String tenant, OperationCommand command) {
    return TestNode.await(Requests.ask(bus(), tenant, command));
  }

  @Override
  public void close() {
    node.close();
  }
}
