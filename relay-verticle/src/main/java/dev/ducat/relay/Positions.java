package dev.ducat.relay;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.proto.internal.v1.Receipt;
import dev.ducat.proto.internal.v1.RedrivenEvent;
import dev.ducat.proto.internal.v1.StreamPosition;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** How far a slot has published each of its streams. Immutable. */
record Positions(Map<String, Position> byStream) {

  /**
   * The streams of a slot: unit by unit in turn, so that slots get equal shares. Fixed for the life
   * of a database, since a stream that changed its slot would leave its position behind in the old
   * one's receipts.
   */
  static List<String> streamsOf(int slot, ShardSettings shards) {
    List<String> streams = new ArrayList<>();
    for (UnitKind kind : UnitKind.values()) {
      for (int unit = 0; unit < shards.units(kind); unit++) {
        if (slotOf(unit, shards) == slot) {
          streams.add(kind.address(unit));
        }
      }
    }
    return streams;
  }

  /** The slot of a stream that the doorbell names, or -1 when it is no stream's name. */
  static int slotOf(String stream, ShardSettings shards) {
    try {
      return slotOf(Integer.parseInt(stream.substring(stream.lastIndexOf('.') + 1)), shards);
    } catch (NumberFormatException foreign) {
      return -1;
    }
  }

  private static int slotOf(int unit, ShardSettings shards) {
    return unit % shards.relaySlots();
  }

  Position of(String stream) {
    return byStream.getOrDefault(stream, Position.START);
  }

  /**
   * The positions once these events are published.
   *
   * @throws RelayStopped when they do not follow on: an event is missing from the outbox
   */
  Positions after(List<StoredEvent> events) {
    Map<String, Position> next = new TreeMap<>(byStream);
    for (StoredEvent event : events) {
      long before = next.getOrDefault(event.stream(), Position.START).seq();
      if (event.seq() != before + 1) {
        throw new RelayStopped(
            "the outbox has a gap: %s goes on with %d after %d"
                .formatted(event.stream(), event.seq(), before));
      }
      next.put(event.stream(), new Position(event.seq(), event.event().eventId()));
    }
    return new Positions(next);
  }

  /**
   * All of them, so that the last receipt alone tells everything.
   *
   * @param redriven parked events that are published with it
   */
  Receipt toReceipt(long epoch, List<Place> redriven) {
    Receipt.Builder receipt = Receipt.newBuilder().setEpoch(epoch);
    redriven.forEach(
        place ->
            receipt.addRedriven(
                RedrivenEvent.newBuilder().setStream(place.stream()).setSeq(place.seq())));
    byStream.forEach(
        (stream, position) -> {
          UUID id = position.eventId();
          if (id != null) {
            ByteBuffer bytes = ByteBuffer.allocate(16);
            bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()).flip();
            receipt.addPositions(
                StreamPosition.newBuilder()
                    .setStream(stream)
                    .setSeq(position.seq())
                    .setEventId(ByteString.copyFrom(bytes)));
          }
        });
    return receipt.build();
  }

  static Positions of(Receipt receipt) {
    Map<String, Position> positions = new TreeMap<>();
    for (StreamPosition position : receipt.getPositionsList()) {
      ByteBuffer id = position.getEventId().asReadOnlyByteBuffer();
      positions.put(
          position.getStream(),
          new Position(position.getSeq(), new UUID(id.getLong(), id.getLong())));
    }
    return new Positions(positions);
  }
}
