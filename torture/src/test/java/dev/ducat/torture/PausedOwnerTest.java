package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.torture.Installation.Pair;
import dev.ducat.torture.Rpc.Reply;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * A node stands still for longer than its leases, in the middle of its work, and then goes on as if
 * nothing had happened: every write it still had in mind must be refused.
 */
final class PausedOwnerTest {
  /** FAULTS: all addresses reachable again 60 s after it heals. */
  private static final Duration HEALED_MAX = Duration.ofSeconds(60);

  private final Installation installation = Installation.shared();
  private final Units units = new Units(installation);

  @Test
  void anOwnerThatWakesUpLateDoublesNothing() {
    Pair pair = installation.pair();
    NodeProcess sleeper = pair.one();
    NodeProcess awake = pair.other();
    try (Load load = Load.start("paused-owner", 150, 8, 5, pair::gateways)) {
      load.awaitFinished(40);
      Map<String, Long> held = units.ownedBy(sleeper.nodeId());
      sleeper.pause();
      load.assertUnderWay();
      units.assertTakenOver(held, awake.nodeId());
      sleeper.resume();

      History history = load.join();
      Proof.of(installation).assertAllHold(history);
      System.out.printf(
          "torture: the late owner was fenced %.0f times%n",
          sleeper.metric("ducat_lane_fenced_total"));
      assertServesAgain(load, sleeper);
    }
  }

  private static void assertServesAgain(Load load, NodeProcess node) {
    try (PaymentClient client = new PaymentClient("late", load.history(), node.grpc())) {
      await(node + " serves again")
          .atMost(HEALED_MAX)
          .pollInterval(Duration.ofMillis(200))
          .untilAsserted(
              () -> {
                Reply<Payment> reply = client.create(load.request(0));
                assertThat(reply.ok()).as("%s", reply).isTrue();
                assertThat(reply.replayed()).isTrue();
              });
    }
  }
}
