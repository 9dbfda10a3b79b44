package dev.ducat.relay;

import dev.ducat.kernel.outbox.StoredEvent;
import java.util.List;

/** Where an event stands in the log. */
record Place(String stream, long seq) {
  static Place of(StoredEvent event) {
    return new Place(event.stream(), event.seq());
  }

  static String[] streams(List<Place> places) {
    return places.stream().map(Place::stream).toArray(String[]::new);
  }

  static Long[] seqs(List<Place> places) {
    return places.stream().map(Place::seq).toArray(Long[]::new);
  }
}
