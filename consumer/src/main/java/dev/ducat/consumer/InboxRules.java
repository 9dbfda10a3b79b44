package dev.ducat.consumer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which events of a batch take effect, in which order, and which wait. Pure. */
final class InboxRules {
  private InboxRules() {}

  /**
   * What the inbox knows about the keys and ids of a batch.
   *
   * @param versions last version by key
   * @param seen ids of events without a version
   * @param parked events that wait, by key and version
   */
  record Known(
      Map<String, Long> versions, Set<String> seen, Map<String, Map<Long, Event>> parked) {}

  /**
   * What to do.
   *
   * @param apply events to hand to the handler, in this order
   * @param versions new last versions by key
   * @param seen new ids
   * @param park events to put aside; the key lacks an earlier version
   * @param unpark events that waited and are among those applied
   */
  record Decision(
      List<Event> apply,
      Map<String, Long> versions,
      Set<String> seen,
      List<Event> park,
      List<Event> unpark) {}

  static Decision decide(Known known, List<Event> batch, boolean anyFirstVersion) {
    Turn turn = new Turn(known, anyFirstVersion);
    batch.forEach(turn::take);
    return turn.decision;
  }

  private static final class Turn {
    private final Known known;
    private final boolean anyFirstVersion;
    private final Map<String, Map<Long, Event>> waiting = new HashMap<>();
    private final Decision decision =
        new Decision(
            new ArrayList<>(),
            new LinkedHashMap<>(),
            new LinkedHashSet<>(),
            new ArrayList<>(),
            new ArrayList<>());

    Turn(Known known, boolean anyFirstVersion) {
      this.known = known;
      this.anyFirstVersion = anyFirstVersion;
      known.parked().forEach((key, events) -> waiting.put(key, new HashMap<>(events)));
    }

    void take(Event event) {
      if (event.version() == 0) {
        if (!known.seen().contains(event.id()) && decision.seen().add(event.id())) {
          decision.apply().add(event);
        }
        return;
      }
      releaseAfterLast(event.key());
      Long last = last(event.key());
      boolean next =
          last == null ? event.version() == 1 || anyFirstVersion : event.version() == last + 1;
      if (next) {
        apply(event);
        releaseAfterLast(event.key());
      } else if (last == null || event.version() > last) {
        Map<Long, Event> events = waiting.computeIfAbsent(event.key(), k -> new HashMap<>());
        if (events.putIfAbsent(event.version(), event) == null) {
          decision.park().add(event);
        }
      } // else it took effect before.
    }

    /** What waited for the version that is last now follows it, as far as there is no other gap. */
    private void releaseAfterLast(String key) {
      Map<Long, Event> events = waiting.get(key);
      Long last = last(key);
      while (events != null && last != null) {
        Event event = events.remove(++last);
        if (event == null) {
          return;
        }
        apply(event);
        if (!decision.park().remove(event)) {
          decision.unpark().add(event);
        }
      }
    }

    private void apply(Event event) {
      decision.apply().add(event);
      decision.versions().put(event.key(), event.version());
    }

    private @Nullable Long last(String key) {
      Long now = decision.versions().get(key);
      return now != null ? now : known.versions().get(key);
    }
  }
}
