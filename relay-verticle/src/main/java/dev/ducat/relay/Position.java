package dev.ducat.relay;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The last published event of a stream.
 *
 * @param seq 0 before the first
 * @param eventId by which a foreign or restored log is recognized; null before the first
 */
record Position(long seq, @Nullable UUID eventId) {
  static final Position START = new Position(0, null);

  Position {
    if ((seq == 0) != (eventId == null) || seq < 0) {
      throw new IllegalArgumentException("a position is a seq with its event, not " + seq);
    }
  }
}
