package dev.ducat.relay;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.internal.v1.DeadEventsQuery;
import dev.ducat.proto.internal.v1.DeadEventsReply;
import dev.ducat.proto.internal.v1.RedriveCommand;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.SlotQuery;
import dev.ducat.proto.operations.v1.RelayMode;
import dev.ducat.proto.operations.v1.RelaySlotState;
import dev.ducat.proto.operations.v1.RelayStatus;
import dev.ducat.proto.operations.v1.RelayStream;
import dev.ducat.relay.RelaySettings.Mode;
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
  static final String DEAD_ADDRESS = "relay.dead";

  /** What a slot's owner may take to record something. */
  private static final Duration RECORD_MAX = Duration.ofSeconds(2);

  /** An owner that answers at all answers from memory. */
  private static final Duration OWNER_MAX = Duration.ofMillis(500);

  private final Bus bus;
  private final Clock clock;
  private final ShardSettings shards;
  private final RelayStatusStore store;
  private final DeadEventStore dead;
  private final Mode mode;

  RelayQueries(Node node, Mode mode) {
    this.mode = mode;
    this.dead = new DeadEventStore(node);
    this.bus = node.bus();
    this.clock = node.clock();
    this.shards = node.leases().settings();
    this.store = new RelayStatusStore(node);
  }

  Future<RelayStatus> answer() {
    if (mode == Mode.EXTERNAL) {
      // Its positions are a matter between that program and Postgres.
      return Future.succeededFuture(
          RelayStatus.newBuilder().setMode(RelayMode.RELAY_MODE_EXTERNAL).build());
    }
    List<Future<dev.ducat.proto.operations.v1.RelaySlot>> owners = new ArrayList<>();
    for (int slot = 0; slot < shards.relaySlots(); slot++) {
      owners.add(owner(slot));
    }
    Future<Map<String, Long>> copies = store.copies();
    Future<Long> parked = dead.count();
    return Future.all(Future.all(owners), copies, parked)
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
              return store
                  .beyond(positions)
                  .map(
                      found ->
                          status(slots, positions, found).setDeadEvents(parked.result()).build());
            });
  }

  /** About parked events. */
  Future<DeadEventsReply> answer(DeadEventsQuery query) {
    return switch (query.getQueryCase()) {
      case LIST -> list(query);
      case REDRIVE -> redrive(query.getRedrive().toBuilder().setTenant(query.getTenant()).build());
      case QUERY_NOT_SET ->
          Future.failedFuture(new BusException(BusFailure.REJECTED, "nothing is asked"));
    };
  }

  private Future<DeadEventsReply> list(DeadEventsQuery query) {
    return dead.list(query.getTenant(), query.getList())
        .map(
            page ->
                page.map(known -> DeadEventsReply.newBuilder().setList(known).build())
                    .orElseGet(
                        () ->
                            Redrive.refused(
                                RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT,
                                "page_token",
                                "is not a token of this list")));
  }

  /** Has the owner of the event's slot record it: no other may write about parked events. */
  private Future<DeadEventsReply> redrive(RedriveCommand command) {
    return dead.streamOf(Redrive.eventId(command), command.getTenant())
        .compose(
            stream ->
                stream.isEmpty()
                    ? Future.succeededFuture(Redrive.notFound())
                    : bus.ask(
                        UnitKind.RELAY_SLOT.address(Positions.slotOf(stream.get(), shards)),
                        SlotQuery.newBuilder().setRedrive(command).build(),
                        DeadEventsReply.getDefaultInstance(),
                        RECORD_MAX));
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

  private RelayStatus.Builder status(
      List<dev.ducat.proto.operations.v1.RelaySlot> slots,
      Map<String, Long> positions,
      Map<String, Waiting> found) {
    RelayStatus.Builder status =
        RelayStatus.newBuilder()
            .setMode(
                mode == Mode.EXACTLY_ONCE
                    ? RelayMode.RELAY_MODE_EXACTLY_ONCE
                    : RelayMode.RELAY_MODE_AT_LEAST_ONCE);
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
    return status.setLagEvents(lag).setLag(Durations.fromMillis(behind));
  }
}
