package dev.ducat.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.Clock;
import dev.ducat.kernel.time.ManualClock;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.relay.RelaySettings.Mode;
import dev.ducat.relay.SlotSession.Setting;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Slots that change hands at bad moments: nothing is left out and nothing is published twice. */
class TakeOverTest extends RelayHarness {
  private TestNode node;
  private OutboxWriter writer;
  private KafkaReader reader;

  @BeforeEach
  void open() {
    node = node("node-1");
    writer = writer(node);
    reader = reader();
  }

  @ParameterizedTest
  @ValueSource(strings = {"KAFKA_SENT:1", "KAFKA_SENT:3", "KAFKA_COMMITTED:3"})
  void goesOnAfterAKillAt(String crash) throws Exception {
    for (int i = 0; i < 20; i++) {
      writer.write("payment.shard." + i % 4, "pay_" + i % 4, "pay_" + i % 4);
    }
    Process killed = RelayProcess.start(postgres, "node-2", crash, Mode.EXACTLY_ONCE);
    try {
      // Slots race for the crash point, so there must be transactions enough for the third one.
      for (int i = 0; killed.isAlive(); i++) {
        writer.write("payment.shard." + i % 4, "pay_" + i % 4, "pay_b" + i % 4);
        killed.waitFor(20, TimeUnit.MILLISECONDS);
      }
    } finally {
      killed.destroyForcibly();
    }
    assertThat(killed.exitValue()).isEqualTo(137);
    deploy(node);
    writer.write("payment.shard.0", "pay_0", "pay_0");
    reader.awaitExactly(writer.written());
  }

  @Test
  void theSecondOwnerFencesTheFirst() {
    writer.write("payment.shard.0", "pay_1", "pay_2", "pay_1");
    SlotSession first = session(1, new SystemClock());
    assertThat(publish(first)).isEqualTo(3);
    writer.write("payment.shard.2", "pay_3", "pay_3");

    SlotSession second = session(2, new SystemClock());
    assertThatThrownBy(() -> publish(first)).isInstanceOf(RuntimeException.class);
    assertThat(publish(second)).isEqualTo(2);
    writer.write("payment.shard.0", "pay_1");
    assertThatThrownBy(() -> publish(first)).isInstanceOf(RuntimeException.class);
    assertThat(publish(second)).isEqualTo(1);
    reader.awaitExactly(writer.written());
  }

  @Test
  void anOwnerThatInitializesLateFencesAndGoesOnWithoutDoubling() {
    writer.write("payment.shard.0", "pay_1", "pay_2", "pay_1");
    SlotSession rightful = session(2, new SystemClock());
    assertThat(publish(rightful)).isEqualTo(3);
    // Paused since before its predecessor's end, it believes in its lease a moment longer.
    SlotSession late = session(1, new SystemClock());
    writer.write("payment.shard.0", "pay_2", "pay_2");
    assertThat(publish(late)).isEqualTo(2);
    assertThatThrownBy(() -> publish(rightful)).isInstanceOf(RuntimeException.class);

    SlotSession again = session(3, new SystemClock());
    writer.write("payment.shard.0", "pay_1");
    assertThat(publish(again)).isEqualTo(1);
    reader.awaitExactly(writer.written());
  }

  @Test
  void doesNotCommitOnALeaseThatRanOut() {
    ManualClock clock = new ManualClock(Instant.EPOCH);
    SlotSession session = session(1, clock);
    writer.write("payment.shard.0", "pay_1");
    assertThat(publish(session)).isEqualTo(1);
    writer.write("payment.shard.0", "pay_1");
    clock.advance(Duration.ofMinutes(2));
    assertThatThrownBy(() -> publish(session)).hasMessageContaining("lease ran out");

    assertThat(publish(session(2, new SystemClock()))).isEqualTo(1);
    reader.awaitExactly(writer.written());
  }

  @Test
  void findsTheLastReceiptBehindManyAbortedOnes() {
    SlotSession first = session(1, new SystemClock());
    writer.write("payment.shard.0", "pay_1");
    assertThat(publish(first)).isEqualTo(1);
    for (int i = 0; i < 10; i++) {
      writer.write("payment.shard.0", "pay_1");
      ManualClock clock = new ManualClock(Instant.EPOCH);
      SlotSession hopeless = session(2 + i, clock);
      clock.advance(Duration.ofMinutes(2));
      assertThatThrownBy(() -> publish(hopeless)).hasMessageContaining("lease ran out");
    }
    assertThat(publish(session(100, new SystemClock()))).isEqualTo(10);
    reader.awaitExactly(writer.written());
  }

  /** What was read ahead may be of the time before the last write. */
  private static int publish(SlotSession session) {
    int events = session.runOnce();
    return events > 0 ? events : session.runOnce();
  }

  /** Slot 0 taken by somebody who holds the lease for a minute by this clock. */
  private SlotSession session(long epoch, Clock clock) {
    Lease lease =
        new Lease(
            UnitKind.RELAY_SLOT,
            0,
            UUID.randomUUID(),
            epoch,
            clock.monotonicNanos() + Duration.ofMinutes(1).toNanos());
    KafkaSetup kafka = opened(new KafkaSetup(settings(), SHARDS.relaySlots()));
    kafka.verify();
    Node real = node.node();
    Node clocked =
        new Node(
            real.nodeId(),
            clock,
            real.ids(),
            real.bus(),
            real.leases(),
            real.postgres(),
            real.queries(),
            real.meters());
    RelayStore store =
        new RelayStore(
            node.vertx(), postgres, 0, Positions.streamsOf(0, SHARDS), SlotSession.READ_MAX);
    opened(store::discard);
    return opened(
        SlotSession.open(
            new Setting(node.vertx(), clocked, settings(), kafka), lease, store, new Suspicion()));
  }
}
