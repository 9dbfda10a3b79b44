package dev.ducat.saga;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Lets something happen at most once per interval for each id. Remembers so many ids at most, and
 * forgets the oldest first: what it says is about load, and nothing else may depend on it.
 */
final class Rarely {
  private static final int IDS_MAX = 10_000;

  private final long intervalNanos;
  private final Map<UUID, Long> last =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<UUID, Long> eldest) {
          return size() > IDS_MAX;
        }
      };

  Rarely(Duration interval) {
    this.intervalNanos = interval.toNanos();
  }

  /** Whether it may happen now; then it is taken to happen. */
  synchronized boolean may(UUID id, long monotonicNanos) {
    Long before = last.get(id);
    if (before != null && monotonicNanos - before < intervalNanos) {
      return false;
    }
    last.remove(id);
    last.put(id, monotonicNanos);
    return true;
  }
}
