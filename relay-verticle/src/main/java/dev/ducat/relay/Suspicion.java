package dev.ducat.relay;

import dev.ducat.kernel.outbox.StoredEvent;
import java.util.List;

/**
 * How the event that Kafka refuses is found: of a batch that is refused, the client names any, and
 * the next read may bring the slot's streams in another order. So each refusal makes the next batch
 * smaller, down to an event alone, whose refusal is proof; each batch that Kafka takes makes it
 * larger again. Outlives the sessions of a slot, each of which ends with a refusal.
 */
final class Suspicion {
  private int eventsMax = Integer.MAX_VALUE;

  /** What to send next of these. */
  List<StoredEvent> cut(List<StoredEvent> events) {
    return events.subList(0, Math.min(eventsMax, events.size()));
  }

  /** Whether the refusal is proven; else less is sent next, at most what came before its event. */
  boolean proves(EventRefused refused, List<StoredEvent> sent) {
    if (refused.wholeTopic() || sent.size() == 1) {
      return true;
    }
    int before = sent.stream().map(Place::of).toList().indexOf(Place.of(refused.event()));
    int half = sent.size() / 2;
    eventsMax = Math.max(1, before < 0 ? half : Math.min(before, half));
    return false;
  }

  /** Kafka took what was sent. */
  void accepted() {
    eventsMax = eventsMax > Integer.MAX_VALUE / 2 ? Integer.MAX_VALUE : eventsMax * 2;
  }
}
