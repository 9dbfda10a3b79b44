package dev.ducat.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.consumer.InboxRules.Decision;
import dev.ducat.consumer.InboxRules.Known;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class InboxRulesTest {
  /**
   * Each row: last version (0 = none), versions that wait, versions that come; then those applied,
   * newly parked and released from waiting.
   */
  private record Case(
      long last,
      List<Integer> waiting,
      List<Integer> comes,
      List<Integer> applied,
      List<Integer> parked,
      List<Integer> unparked) {}

  @Test
  void versionsTakeEffectInOrderAndOnce() {
    List<Case> cases =
        List.of(
            new Case(0, List.of(), List.of(1), List.of(1), List.of(), List.of()),
            new Case(0, List.of(), List.of(1, 2, 3), List.of(1, 2, 3), List.of(), List.of()),
            new Case(2, List.of(), List.of(1, 2), List.of(), List.of(), List.of()),
            new Case(2, List.of(), List.of(2, 3, 3, 2), List.of(3), List.of(), List.of()),
            new Case(2, List.of(), List.of(4), List.of(), List.of(4), List.of()),
            new Case(0, List.of(), List.of(2), List.of(), List.of(2), List.of()),
            new Case(2, List.of(), List.of(4, 4), List.of(), List.of(4), List.of()),
            new Case(2, List.of(), List.of(4, 3), List.of(3, 4), List.of(), List.of()),
            new Case(2, List.of(4), List.of(4), List.of(), List.of(), List.of()),
            new Case(2, List.of(4, 5), List.of(3), List.of(3, 4, 5), List.of(), List.of(4, 5)),
            new Case(2, List.of(4, 6), List.of(3), List.of(3, 4), List.of(), List.of(4)),
            new Case(2, List.of(4), List.of(5, 3), List.of(3, 4, 5), List.of(), List.of(4)),
            new Case(2, List.of(4), List.of(3, 4, 5), List.of(3, 4, 5), List.of(), List.of(4)),
            // A person has set the last version by hand, to go on without the one that is missing.
            new Case(3, List.of(4, 5), List.of(6), List.of(4, 5, 6), List.of(), List.of(4, 5)));
    for (Case row : cases) {
      Map<Long, Event> waiting = new HashMap<>();
      row.waiting().forEach(version -> waiting.put((long) version, event("k", version)));
      Map<String, Long> versions = row.last() == 0 ? Map.of() : Map.of("k", row.last());
      Decision decision =
          InboxRules.decide(
              new Known(versions, Set.of(), Map.of("k", waiting)), events(row.comes()), false);
      assertThat(versions(decision.apply())).as("applied of %s", row).isEqualTo(row.applied());
      assertThat(versions(decision.park())).as("parked of %s", row).isEqualTo(row.parked());
      assertThat(versions(decision.unpark())).as("unparked of %s", row).isEqualTo(row.unparked());
      if (!row.applied().isEmpty()) {
        assertThat(decision.versions()).isEqualTo(Map.of("k", (long) row.applied().getLast()));
      }
    }
  }

  @Test
  void onARunningTopicAKeyMayBeginAnywhere() {
    Known nothing = new Known(Map.of(), Set.of(), Map.of());
    Decision decision = InboxRules.decide(nothing, events(List.of(5, 6, 8)), true);
    assertThat(versions(decision.apply())).isEqualTo(List.of(5, 6));
    assertThat(versions(decision.park())).isEqualTo(List.of(8));
  }

  @Test
  void withoutVersionsTheIdDecides() {
    Known known = new Known(Map.of(), Set.of("evt_1"), Map.of());
    List<Event> batch = new ArrayList<>();
    for (String id : List.of("evt_1", "evt_2", "evt_2", "evt_3")) {
      batch.add(event("k", 0, id));
    }
    Decision decision = InboxRules.decide(known, batch, false);
    assertThat(decision.apply()).extracting(Event::id).containsExactly("evt_2", "evt_3");
    assertThat(decision.seen()).containsExactly("evt_2", "evt_3");
    assertThat(decision.versions()).isEqualTo(new HashMap<>());
  }

  private static List<Event> events(List<Integer> versions) {
    return versions.stream().map(version -> event("k", version)).toList();
  }

  private static List<Integer> versions(List<Event> events) {
    return events.stream().map(event -> (int) event.version()).toList();
  }

  private static Event event(String key, long version) {
    return event(key, version, "evt_" + key + version);
  }

  private static Event event(String key, long version, String id) {
    return new Event(
        "t",
        0,
        version,
        key,
        version,
        id,
        "type",
        "source",
        "time",
        "tenant",
        null,
        Buffer.buffer("p"));
  }
}
