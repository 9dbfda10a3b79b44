package dev.ducat.saga;

import dev.ducat.saga.PaymentMessage.Create;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A payment lane's memory: the sagas that still have something to do, and who waits for them. As
 * committed, always. Written by the lane's thread only; the two counts may be read by any.
 */
final class PaymentBook {
  /** An idempotency key within its tenant. */
  record Key(String tenant, String key) {}

  /** A saga with its payment. */
  record Live(ShardUnit unit, Saga saga, Standing standing) {
    UUID id() {
      return saga.claim().sagaId();
    }

    Key key() {
      return new Key(saga.claim().tenant(), saga.claim().idempotencyKey());
    }

    /** Whether memory needs it: it goes on by itself some day. */
    boolean isUnfinished() {
      return !saga.phase().isOver() && saga.phase() != Phase.PARKED;
    }

    /** Whether its action is due at once. */
    boolean actsNow() {
      return isUnfinished() && saga.nextAttemptAt() == null;
    }
  }

  private final Map<UUID, Live> sagas = new ConcurrentHashMap<>();
  private final Map<Key, UUID> keys = new HashMap<>();
  private final Map<String, Set<UUID>> streams = new HashMap<>();
  private final Map<UUID, List<Create>> waiters = new HashMap<>();
  private final AtomicInteger moving = new AtomicInteger();

  boolean knows(Key key) {
    return keys.containsKey(key);
  }

  boolean knows(UUID sagaId) {
    return sagas.containsKey(sagaId);
  }

  @Nullable Live find(Key key) {
    UUID id = keys.get(key);
    return id == null ? null : sagas.get(id);
  }

  @Nullable Live find(UUID sagaId) {
    return sagas.get(sagaId);
  }

  /** Takes a committed state in; what has nothing left to do is dropped. */
  void put(Live live) {
    remove(live.id());
    if (live.isUnfinished()) {
      sagas.put(live.id(), live);
      keys.put(live.key(), live.id());
      streams.computeIfAbsent(live.unit().stream(), none -> new HashSet<>()).add(live.id());
      moving.addAndGet(live.standing().resting() ? 0 : 1);
    }
  }

  private void remove(UUID id) {
    Live before = sagas.remove(id);
    if (before != null) {
      keys.remove(before.key());
      Set<UUID> ofStream = streams.get(before.unit().stream());
      if (ofStream != null) {
        ofStream.remove(id);
      }
      moving.addAndGet(before.standing().resting() ? 0 : -1);
    }
  }

  /**
   * Drops everything of a stream.
   *
   * @return who waited for any of it
   */
  List<Create> forget(String stream) {
    List<Create> waited = new ArrayList<>();
    Set<UUID> ofStream = streams.remove(stream);
    for (UUID id : ofStream == null ? Set.<UUID>of() : Set.copyOf(ofStream)) {
      remove(id);
      waited.addAll(takeWaiters(id));
    }
    return waited;
  }

  /** Remembers who is to be answered when the saga rests. */
  void await(UUID sagaId, Create create) {
    waiters.computeIfAbsent(sagaId, none -> new ArrayList<>(1)).add(create);
  }

  /** Those who wait for a saga; they are answered by the caller. */
  List<Create> takeWaiters(UUID sagaId) {
    List<Create> waiting = waiters.remove(sagaId);
    return waiting == null ? List.of() : waiting;
  }

  /**
   * Stops waiting.
   *
   * @return the saga that was waited for; null when this one does not wait
   */
  @Nullable Live takeWaiter(Create create) {
    Live live = find(new Key(create.tenant(), create.key()));
    List<Create> waiting = live == null ? null : waiters.get(live.id());
    return waiting != null && waiting.remove(create) ? live : null;
  }

  /** Sagas whose payment does not rest. */
  int moving() {
    return moving.get();
  }

  int unfinished() {
    return sagas.size();
  }

  /** The age of the oldest unfinished saga. */
  long oldestSeconds(Instant now) {
    return sagas.values().stream()
        .mapToLong(live -> Duration.between(live.saga().claim().createdAt(), now).toSeconds())
        .max()
        .orElse(0);
  }
}
