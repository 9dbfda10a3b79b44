package dev.ducat.relay;

import dev.ducat.kernel.outbox.StoredEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The event that Kafka seems to refuse, until that is proven: of a batch that is refused, the
 * client names any. So the events before it are sent without it, and then it is sent alone.
 * Outlives the sessions of a slot, each of which ends with a refusal.
 */
final class Suspicion {
  private @Nullable Place suspect;

  /** What to send next of these: what comes before the suspect, or the suspect alone. */
  List<StoredEvent> cut(List<StoredEvent> events) {
    for (int i = 0; i < events.size(); i++) {
      if (Place.of(events.get(i)).equals(suspect)) {
        return events.subList(0, Math.max(1, i));
      }
    }
    return events;
  }

  /** Whether the refusal is proven; else its event is the suspect now. */
  boolean proves(EventRefused refused, List<StoredEvent> sent) {
    if (refused.wholeTopic() || sent.size() == 1) {
      suspect = null;
      return true;
    }
    suspect = Place.of(refused.event());
    return false;
  }

  /** Kafka took these. */
  void accepted(List<StoredEvent> sent) {
    if (suspect != null && sent.stream().map(Place::of).anyMatch(suspect::equals)) {
      suspect = null;
    }
  }
}
