package dev.ducat.relay;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.internal.v1.SlotQuery;
import dev.ducat.proto.operations.v1.RelayMode;
import dev.ducat.proto.operations.v1.RelaySlotState;
import dev.ducat.proto.operations.v1.RelayStatus;
import dev.ducat.proto.operations.v1.RelayStream;
import dev.ducat.relay.RelayStatusStore.Waiting;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Answers how far publication is: heads by the database, positions by each slot's owner, and by
 * their copies in the database where no owner answers.
 */
final class RelayQueries {
  static final String ADDRESS = "relay.query";

  /** An owner that answers at all answers from memory. */
  private static final Duration OWNER_MAX = Duration.ofMillis(500);

  private final Bus bus;
  private final Clock clock;
  private final ShardSettings shards;
  private final RelayStatusStore store;

  RelayQueries(Node node) {
    this.bus = node.bus();
    this.clock = node.clock();
    this.shards = node.leases().settings();
    this.store = new RelayStatusStore(node);
  }

  Future<RelayStatus> answer() {
    List<Future<dev.ducat.proto.operations.v1.RelaySlot>> owners = new ArrayList<>();
    for (int slot = 0; slot < shards.relaySlots(); slot++) {
      if (!Positions.streamsOf(slot, shards).isEmpty()) {
        owners.add(owner(slot));
      }
    }
    Future<Map<String, Long>> copies = store.copies();
    return Future.all(Future.all(owners), copies)
        .compose(
            read -> {
              Map<String, Long> positions = new TreeMap<>(copies.result());
              List<dev.ducat.proto.operations.v1.RelaySlot> slots =
                  owners.stream().map(Future::result).toList();
              slots.stream()
                  .flatMap(slot -> slot.getStreamsList().stream())
                  .forEach(
                      stream ->
                          positions.merge(stream.getStream(), stream.getPosition(), Math::max));
              return store.beyond(positions).map(found -> status(slots, positions, found));
            });
  }

  private Future<dev.ducat.proto.operations.v1.RelaySlot> owner(int slot) {
    return bus.ask(
            UnitKind.RELAY_SLOT.address(slot),
            SlotQuery.getDefaultInstance(),
            dev.ducat.proto.operations.v1.RelaySlot.getDefaultInstance(),
            OWNER_MAX)
        .otherwise(
            dev.ducat.proto.operations.v1.RelaySlot.newBuilder()
                .setSlot(slot)
                .setState(RelaySlotState.RELAY_SLOT_STATE_WAITING)
                .setProblem("no node answers for this slot")
                .build());
  }

  private RelayStatus status(
      List<dev.ducat.proto.operations.v1.RelaySlot> slots,
      Map<String, Long> positions,
      Map<String, Waiting> found) {
    RelayStatus.Builder status =
        RelayStatus.newBuilder().setMode(RelayMode.RELAY_MODE_EXACTLY_ONCE);
    Instant oldest = null;
    long lag = 0;
    for (dev.ducat.proto.operations.v1.RelaySlot slot : slots) {
      dev.ducat.proto.operations.v1.RelaySlot.Builder told = slot.toBuilder().clearStreams();
      for (String stream : Positions.streamsOf(slot.getSlot(), shards)) {
        Waiting waiting = found.get(stream);
        if (waiting == null) {
          continue;
        }
        long position = positions.getOrDefault(stream, 0L);
        RelayStream.Builder row =
            told.addStreamsBuilder()
                .setStream(stream)
                .setPosition(position)
                // Read a moment before: what was published since then has been committed, too.
                .setHead(Math.max(position, waiting.head()));
        lag += row.getHead() - position;
        Instant since = waiting.oldest();
        if (since != null) {
          row.setOldestWaitingTime(
              Timestamp.newBuilder().setSeconds(since.getEpochSecond()).setNanos(since.getNano()));
          oldest = oldest == null || since.isBefore(oldest) ? since : oldest;
        }
      }
      status.addSlots(told);
    }
    long behind =
        oldest == null ? 0 : Math.max(0, Duration.between(oldest, clock.now()).toMillis());
    return status.setLagEvents(lag).setLag(Durations.fromMillis(behind)).build();
  }
}
