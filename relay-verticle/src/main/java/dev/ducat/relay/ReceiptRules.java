package dev.ducat.relay;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Whether Kafka's receipt and Postgres's log tell of the same past. Pure. */
final class ReceiptRules {
  private ReceiptRules() {}

  /**
   * What Postgres knows of one stream.
   *
   * @param head seq of the last event written
   * @param copy the position as copied earlier; {@link Position#START} when there is none
   * @param copyLeads whether the copy was made by a relay without receipts, which may be ahead of
   *     them
   * @param atReceipt id of the event at the receipt's seq; null when the outbox has none there
   */
  record Witness(long head, Position copy, boolean copyLeads, @Nullable UUID atReceipt) {}

  /**
   * Where to go on.
   *
   * @param receipt the last receipt in Kafka, if there is one
   * @throws RelayStopped when the two contradict each other: Kafka or Postgres was restored from a
   *     backup, wiped, or is another installation's
   */
  static Positions goOnFrom(Optional<Positions> receipt, Map<String, Witness> witnesses) {
    Map<String, Position> positions = new TreeMap<>();
    witnesses.forEach(
        (stream, witness) -> {
          Position position = receipt.map(known -> known.of(stream)).orElse(Position.START);
          if (witness.copyLeads() && witness.copy().seq() > position.seq()) {
            positions.put(stream, witness.copy());
            return;
          }
          contradiction(position, witness)
              .ifPresent(
                  finding -> {
                    throw new RelayStopped(stream + ": " + finding);
                  });
          positions.put(stream, position);
        });
    List<String> foreign =
        receipt.map(known -> known.byStream().keySet()).stream()
            .flatMap(streams -> streams.stream().filter(s -> !witnesses.containsKey(s)))
            .toList();
    if (!foreign.isEmpty()) {
      throw new RelayStopped("the receipt names streams that are not this slot's: " + foreign);
    }
    return new Positions(positions);
  }

  private static Optional<String> contradiction(Position receipt, Witness witness) {
    Position copy = witness.copy();
    if (receipt.seq() == 0) {
      return copy.seq() == 0
          ? Optional.empty()
          : Optional.of(
              "Kafka has no receipt, but Postgres knows that it was published up to " + copy.seq());
    }
    if (receipt.seq() > witness.head()) {
      return Optional.of(
          "the receipt in Kafka says %d, but the outbox ends at %d"
              .formatted(receipt.seq(), witness.head()));
    }
    if (receipt.seq() < copy.seq()) {
      return Optional.of(
          "the receipt in Kafka says %d, but Postgres knows that it was published up to %d"
              .formatted(receipt.seq(), copy.seq()));
    }
    UUID id = witness.atReceipt();
    if (id == null && copy.seq() == receipt.seq()) {
      // Retention may have dropped the event of a stream that has long been quiet; the copy still
      // names it.
      id = copy.eventId();
    }
    return receipt.eventId() != null && receipt.eventId().equals(id)
        ? Optional.empty()
        : Optional.of(
            "the receipt in Kafka has event %s at %d, the outbox %s"
                .formatted(receipt.eventId(), receipt.seq(), id));
  }
}
