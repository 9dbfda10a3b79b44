package dev.ducat.relay;

import dev.ducat.kernel.crash.CrashPoint;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.proto.internal.v1.DeadEventsReply;
import dev.ducat.proto.internal.v1.RedriveCommand;
import dev.ducat.relay.ParkedStore.Held;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One taking of a slot: from initialized producers and a checked receipt to the first failure of
 * any kind, after which nothing of it is used again. Belongs to the slot's thread.
 */
final class SlotSession implements AutoCloseable {
  /** A few megabytes from a busy or a cold server. */
  static final Duration READ_MAX = Duration.ofSeconds(10);

  private static final Held NOT_HELD = new Held(false, false);

  /** What all slots of a node share. */
  record Setting(Vertx vertx, Node node, RelaySettings relay, KafkaSetup kafka) {}

  private final Setting setting;
  private final Lease lease;
  private final Receipts receipts;
  private final Publisher publisher;
  private final ParkedStore parked;
  private final Suspicion suspicion;
  private final SlotSource source;
  private final int recordsMax;
  private Positions published;
  private ParkedStore.Standing standing;
  private boolean moreWaits;

  private SlotSession(
      Setting setting,
      Lease lease,
      RelayStore store,
      Suspicion suspicion,
      Receipts receipts,
      Publisher publisher,
      ParkedStore parked,
      Positions published) {
    this.setting = setting;
    this.lease = lease;
    this.suspicion = suspicion;
    this.receipts = receipts;
    this.publisher = publisher;
    this.published = published;
    this.parked = parked;
    this.standing = parked.standing();
    this.recordsMax = setting.relay().batch().recordsMax();
    // Last, because nobody closes it when something before it fails.
    this.source = new SlotSource(setting.node(), store, recordsMax);
  }

  /**
   * Takes the slot, in this order: silence every predecessor, read what the last of them published,
   * check it, mark what it published of the parked events.
   *
   * @throws RelayStopped when the check finds a contradiction
   */
  static SlotSession open(Setting setting, Lease lease, RelayStore store, Suspicion suspicion) {
    Receipts receipts = new Receipts(setting, lease.unit());
    Publisher publisher =
        Publisher.open(setting.vertx(), setting.relay(), lease.unit(), lease.epoch());
    try {
      Optional<Receipts.Last> last = receipts.last();
      Optional<Positions> positions = last.map(Receipts.Last::positions);
      Positions published =
          ReceiptRules.goOnFrom(
              positions, store.witnesses(positions.orElse(new Positions(Map.of()))));
      ParkedStore parked = store.parked(lease);
      List<Place> redriven = last.map(Receipts.Last::redriven).orElse(List.of());
      if (!redriven.isEmpty()) {
        parked.markRedriven(redriven);
      }
      return new SlotSession(
          setting, lease, store, suspicion, receipts, publisher, parked, published);
    } catch (RuntimeException failed) {
      publisher.close();
      throw failed;
    }
  }

  /** What Kafka has for certain, or has been passed over and parked. */
  Positions published() {
    return published;
  }

  /** Another process may have written to a stream: the table is read next. For any thread. */
  void lookAtTable() {
    source.lookAtTable();
  }

  /** Whether lanes of this process write to a stream. For any thread. */
  boolean isFed(String stream) {
    return source.isFed(stream);
  }

  /** Whether the last round left something behind, as far as one can see. */
  boolean isBehind() {
    return moreWaits;
  }

  /** How many events of the slot are parked. */
  long parked() {
    return standing.open();
  }

  /**
   * Publishes what is there, at most one batch, and before it at most one of parked events that
   * somebody asked for. Where more waits in the table, the next batch is read while this one is
   * committed; else it would be read too early, and come back empty.
   *
   * @return events published or passed over; 0 means that nothing waits
   * @throws EventRefused when Kafka refuses one for good: it is parked now if that is certain, and
   *     this session is over
   */
  int runOnce() {
    int redriven = redrive();
    int passed = publish();
    moreWaits |= redriven > 0;
    return redriven + passed;
  }

  private int publish() {
    List<StoredEvent> read = source.next(published);
    List<StoredEvent> events = suspicion.cut(firstBytes(read));
    boolean cut = events.size() < read.size();
    moreWaits = cut || read.size() >= recordsMax;
    if (events.isEmpty()) {
      return 0;
    }
    Positions after = published.after(events);
    List<StoredEvent> free = withoutHeld(events);
    try {
      send(free, after, List.of(), () -> source.readAhead(after, moreWaits, cut));
    } catch (EventRefused refused) {
      if (suspicion.proves(refused, free)) {
        parked.parkRefused(
            refused.wholeTopic() ? sameTopic(free, refused) : List.of(refused.event()),
            refused.why());
        CrashPoint.EVENT_PARKED.reached();
      }
      throw refused;
    }
    CrashPoint.KAFKA_COMMITTED.reached();
    published = after;
    suspicion.accepted();
    return events.size();
  }

  /** Those that are sent. The others are parked when this returns. */
  private List<StoredEvent> withoutHeld(List<StoredEvent> events) {
    if (standing.open() == 0) {
      return events;
    }
    Map<Place, Held> held = parked.held(events);
    List<StoredEvent> behind =
        events.stream()
            .filter(event -> held.containsKey(Place.of(event)))
            .filter(event -> !held.getOrDefault(Place.of(event), NOT_HELD).parked())
            .toList();
    if (!behind.isEmpty()) {
      parked.parkBehind(behind, held);
      standing = parked.standing();
      CrashPoint.EVENT_PARKED.reached();
    }
    return events.stream().filter(event -> !held.containsKey(Place.of(event))).toList();
  }

  private static List<StoredEvent> sameTopic(List<StoredEvent> events, EventRefused refused) {
    String topic = refused.event().event().topic();
    return events.stream().filter(event -> event.event().topic().equals(topic)).toList();
  }

  /** Only of what was passed: what is parked and was not passed is still to be passed over. */
  private int redrive() {
    if (!standing.asked()) {
      return 0;
    }
    List<StoredEvent> events = suspicion.cut(firstBytes(parked.redrivable(published, recordsMax)));
    if (events.isEmpty()) {
      return 0;
    }
    List<Place> places = events.stream().map(Place::of).toList();
    try {
      send(events, published, places, () -> {});
    } catch (EventRefused refused) {
      if (suspicion.proves(refused, events)) {
        parked.refuseAgain(refused.event(), refused.why());
      }
      throw refused;
    }
    CrashPoint.REDRIVE_COMMITTED.reached();
    suspicion.accepted();
    parked.markRedriven(places);
    standing = parked.standing();
    return events.size();
  }

  /**
   * Records that an operator wants an event published.
   *
   * @return the event as it is now parked
   */
  DeadEventsReply askRedrive(RedriveCommand command) {
    DeadEventsReply reply = new Redrive(setting.node(), command).record(parked);
    standing = parked.standing();
    // The audit event is there, and no lane has handed it on.
    lookAtTable();
    return reply;
  }

  private void send(
      List<StoredEvent> events, Positions after, List<Place> redriven, Runnable meanwhile) {
    Publisher.Transaction transaction =
        publisher.send(events, receipts.record(after.toReceipt(lease.epoch(), redriven)));
    CrashPoint.KAFKA_SENT.reached();
    meanwhile.run();
    // Checked last: whoever takes the slot over next initializes the producers, but only after the
    // lease has run out.
    if (!lease.isTrusted(setting.node().clock())) {
      throw new IllegalStateException("the lease ran out before the commit");
    }
    transaction.commit();
  }

  /** As much from the front as one transaction should carry, one event at least. */
  private List<StoredEvent> firstBytes(List<StoredEvent> events) {
    long bytes = 0;
    for (int i = 0; i < events.size(); i++) {
      bytes += events.get(i).event().payload().length();
      if (i > 0 && bytes > setting.relay().batch().bytesMax()) {
        return events.subList(0, i);
      }
    }
    return events;
  }

  @Override
  public void close() {
    source.close();
    publisher.close();
  }
}
