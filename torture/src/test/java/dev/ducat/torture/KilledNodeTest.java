package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.torture.Installation.Pair;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Two nodes share the work; then one of them goes, without a word or in good order. */
final class KilledNodeTest {
  private static final int CLIENTS = 8;

  /** The JVM's exit code after SIGTERM. */
  private static final int TERMINATED = 143;

  private final Installation installation = Installation.shared();
  private final Units units = new Units(installation);

  @Test
  void theSurvivorOfAKilledNodeFinishesEveryPayment() {
    Pair pair = installation.pair();
    try (Load load = Load.start("killed-node", 150, CLIENTS, 2, pair::gateways)) {
      load.awaitFinished(40);
      Map<String, Long> held = units.ownedBy(pair.one().nodeId());
      pair.one().kill();
      load.assertUnderWay();

      units.assertTakenOver(held, pair.other().nodeId());
      Proof.of(installation).assertAllHold(load.join());
    }
  }

  @Test
  void aNodeThatLeavesInGoodOrderCostsRetriesOnly() {
    Pair pair = installation.pair();
    try (Load load = Load.start("leaving-node", 150, CLIENTS, 3, pair::gateways)) {
      load.awaitFinished(40);
      Map<String, Long> held = units.ownedBy(pair.one().nodeId());
      assertThat(pair.one().terminate()).as("exit code after SIGTERM").isEqualTo(TERMINATED);

      units.assertTakenOver(held, pair.other().nodeId());
      Proof.of(installation).assertAllHold(load.join());
    }
  }

  /**
   * All payments are sent to one node. Those of shards that the other owned all the time can only
   * have been written by the other, whose commits alone the fence accepts.
   */
  @Test
  void aPaymentTakenByOneNodesGatewayRunsOnTheOthersSaga() {
    Pair pair = installation.pair();
    Map<String, Long> before = units.ownedBy(pair.other().nodeId());
    try (Load load = Load.start("two-nodes", 40, CLIENTS, 4, () -> List.of(pair.one().grpc()))) {
      History history = load.join();
      Map<String, Long> after = units.ownedBy(pair.other().nodeId());
      assertThat(history.payments().values().stream().map(KilledNodeTest::shard))
          .as("payments that crossed from %s to %s", pair.one(), pair.other())
          .anyMatch(
              shard -> before.containsKey(shard) && before.get(shard).equals(after.get(shard)));
      Proof.of(installation).assertAllHold(history);
    }
  }

  private static String shard(Payment payment) {
    return "payment.shard " + PaymentId.parse(payment.getPaymentId()).orElseThrow().shard();
  }
}
