package dev.ducat.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.relay.ReceiptRules.Witness;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReceiptRulesTest {
  private static final UUID ID = new UUID(1, 7);
  private static final UUID OTHER = new UUID(2, 7);
  private static final Position AT_7 = new Position(7, ID);

  /**
   * Each row: receipt, head, Postgres's copy, the outbox's id at 7; then the finding, null when
   * there is none.
   */
  private record Case(
      Position receipt, long head, Position copy, @Nullable UUID at, @Nullable String finding) {}

  @Test
  void receiptAndLogMustTellOfTheSamePast() {
    List<Case> cases =
        List.of(
            new Case(Position.START, 0, Position.START, null, null),
            new Case(Position.START, 9, Position.START, null, null),
            new Case(Position.START, 9, new Position(3, OTHER), null, "Kafka has no receipt"),
            new Case(AT_7, 7, Position.START, ID, null),
            new Case(AT_7, 9, new Position(3, OTHER), ID, null),
            new Case(AT_7, 9, AT_7, ID, null),
            new Case(AT_7, 6, Position.START, null, "the outbox ends at 6"),
            new Case(AT_7, 9, new Position(8, OTHER), ID, "published up to 8"),
            new Case(AT_7, 9, new Position(3, OTHER), OTHER, "the receipt in Kafka has event"),
            new Case(AT_7, 9, new Position(3, OTHER), null, "the receipt in Kafka has event"),
            new Case(AT_7, 9, AT_7, null, null),
            new Case(AT_7, 9, new Position(7, OTHER), null, "the receipt in Kafka has event"));
    for (Case row : cases) {
      Optional<Positions> receipt =
          row.receipt().seq() == 0
              ? Optional.empty()
              : Optional.of(new Positions(Map.of("s", row.receipt())));
      Map<String, Witness> witnesses =
          Map.of("s", new Witness(row.head(), row.copy(), false, row.at()));
      String finding = row.finding();
      if (finding == null) {
        assertThat(ReceiptRules.goOnFrom(receipt, witnesses).of("s")).isEqualTo(row.receipt());
      } else {
        assertThatThrownBy(() -> ReceiptRules.goOnFrom(receipt, witnesses))
            .as(row.toString())
            .isInstanceOf(RelayStopped.class)
            .hasMessageContaining(finding);
      }
    }
  }

  @Test
  void aReceiptOfOtherStreamsIsRefused() {
    Optional<Positions> receipt = Optional.of(new Positions(Map.of("t", AT_7)));
    Map<String, Witness> witnesses = Map.of("s", new Witness(9, Position.START, false, null));
    assertThatThrownBy(() -> ReceiptRules.goOnFrom(receipt, witnesses))
        .isInstanceOf(RelayStopped.class)
        .hasMessageContaining("[t]");
  }

  @Test
  void aCopyMadeWithoutReceiptsLeadsWhereItIsAhead() {
    Position at9 = new Position(9, OTHER);
    Map<String, Witness> ahead = Map.of("s", new Witness(9, at9, true, null));
    assertThat(ReceiptRules.goOnFrom(Optional.empty(), ahead).of("s")).isEqualTo(at9);
    Optional<Positions> receipt = Optional.of(new Positions(Map.of("s", AT_7)));
    assertThat(ReceiptRules.goOnFrom(receipt, ahead).of("s")).isEqualTo(at9);
    Map<String, Witness> behind = Map.of("s", new Witness(9, new Position(3, OTHER), true, ID));
    assertThat(ReceiptRules.goOnFrom(receipt, behind).of("s")).isEqualTo(AT_7);
  }

  @Test
  void aReceiptReadsAsItWasWritten() {
    Positions positions =
        new Positions(Map.of("s", AT_7, "t", new Position(1, new UUID(-1, Long.MIN_VALUE))));
    assertThat(Positions.of(positions.toReceipt(3, List.of()))).isEqualTo(positions);
  }

  @Test
  void everyStreamHasOneSlot() {
    ShardSettings shards = ShardSettings.defaults();
    List<String> streams = new ArrayList<>();
    for (int slot = 0; slot < shards.relaySlots(); slot++) {
      for (String stream : Positions.streamsOf(slot, shards)) {
        assertThat(Positions.slotOf(stream, shards)).isEqualTo(slot);
        streams.add(stream);
      }
      assertThat(Positions.streamsOf(slot, shards)).hasSize(19);
    }
    assertThat(streams).doesNotHaveDuplicates().hasSize(76);
    assertThat(Positions.slotOf("nonsense", shards)).isEqualTo(-1);
  }
}
