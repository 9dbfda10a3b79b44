package dev.ducat.relay;

import dev.ducat.kernel.crash.CrashPoint;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.sql.Await;
import dev.ducat.proto.internal.v1.DeadEventsReply;
import dev.ducat.proto.internal.v1.RedriveCommand;
import dev.ducat.relay.ParkedStore.Held;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
  private final RelayStore store;
  private final Receipts receipts;
  private final Publisher publisher;
  private final ParkedStore parked;
  private final Suspicion suspicion;
  private Positions published;
  private ParkedStore.Standing standing;
  private @Nullable Future<List<StoredEvent>> reading;

  private SlotSession(
      Setting setting,
      Lease lease,
      RelayStore store,
      Suspicion suspicion,
      Receipts receipts,
      Publisher publisher,
      Positions published) {
    this.setting = setting;
    this.lease = lease;
    this.store = store;
    this.suspicion = suspicion;
    this.receipts = receipts;
    this.publisher = publisher;
    this.published = published;
    this.parked = store.parked(lease);
    this.standing = new ParkedStore.Standing(0, false);
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
      SlotSession session =
          new SlotSession(setting, lease, store, suspicion, receipts, publisher, published);
      session.settle(last.map(Receipts.Last::redriven).orElse(List.of()));
      return session;
    } catch (RuntimeException failed) {
      publisher.close();
      throw failed;
    }
  }

  private void settle(List<Place> redriven) {
    if (!redriven.isEmpty()) {
      parked.markRedriven(redriven);
    }
    standing = parked.standing();
  }

  /** What Kafka has for certain, or has been passed over and parked. */
  Positions published() {
    return published;
  }

  /** How many events of the slot are parked. */
  long parked() {
    return standing.open();
  }

  /**
   * Publishes what is there, at most one batch, and before it at most one of parked events that
   * somebody asked for. The next batch is read while this one is sent and committed.
   *
   * @return events published or passed over; 0 means that nothing waits
   * @throws EventRefused when Kafka refuses one for good: it is parked now if that is certain, and
   *     this session is over
   */
  int runOnce() {
    return redrive() + publish();
  }

  private int publish() {
    List<StoredEvent> events = suspicion.cut(firstBytes(Await.result(readOn(), READ_MAX)));
    reading = null;
    if (events.isEmpty()) {
      return 0;
    }
    Positions after = published.after(events);
    List<StoredEvent> free = withoutHeld(events);
    try {
      send(free, after, List.of(), () -> readAhead(after));
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
    List<StoredEvent> events =
        suspicion.cut(
            firstBytes(parked.redrivable(published, setting.relay().batch().recordsMax())));
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
    settle(places);
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

  private void readAhead(Positions after) {
    reading = store.after(after, setting.relay().batch().recordsMax());
  }

  private Future<List<StoredEvent>> readOn() {
    Future<List<StoredEvent>> begun = reading;
    return begun != null ? begun : store.after(published, setting.relay().batch().recordsMax());
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
    publisher.close();
  }
}
