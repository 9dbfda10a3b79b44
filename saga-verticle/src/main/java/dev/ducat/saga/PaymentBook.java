package dev.ducat.saga;

import dev.ducat.kernel.id.PaymentId;
import dev.ducat.saga.PaymentMessage.Asking;
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
 * A payment lane's memory: the sagas that still have something to do, their payments, and who waits
 * for them. As committed, always. Written by the lane's thread only; the two counts may be read by
 * any.
 */
final class PaymentBook {
  /**
   * An idempotency key within its scope.
   *
   * @param scope empty for CreatePayment; else the method and the payment
   */
  record Key(String tenant, String scope, String key) {
    static Key ofCreate(String tenant, String key) {
      return new Key(tenant, "", key);
    }

    static Key ofOperation(String tenant, SagaKind kind, PaymentId payment, String key) {
      return new Key(tenant, kind.name() + payment.uuid(), key);
    }

    static Key of(Claim claim) {
      return claim.kind() == SagaKind.PAYMENT
          ? ofCreate(claim.tenant(), claim.idempotencyKey())
          : ofOperation(claim.tenant(), claim.kind(), claim.paymentId(), claim.idempotencyKey());
    }
  }

  /** A saga with its payment. */
  record Live(ShardUnit unit, Saga saga, Standing standing) {
    UUID id() {
      return saga.claim().sagaId();
    }

    UUID paymentId() {
      return saga.claim().paymentId().uuid();
    }

    /** Whether memory needs it: it goes on by itself some day. */
    boolean isUnfinished() {
      return !saga.phase().isOver() && saga.phase() != Phase.PARKED;
    }

    private boolean sleepsBeyond(Instant horizon) {
      Instant next = saga.nextAttemptAt();
      return saga.phase() == Phase.OPEN && next != null && next.isAfter(horizon);
    }

    /** Whether its action is due at once. */
    boolean actsNow() {
      return isUnfinished() && saga.nextAttemptAt() == null;
    }
  }

  private record Kept(ShardUnit unit, Saga saga, Key key) {}

  /** A payment, and how many of its sagas are remembered. */
  private static final class Shared {
    Standing standing;
    int sagas;

    Shared(Standing standing) {
      this.standing = standing;
    }
  }

  private final Map<UUID, Kept> sagas = new ConcurrentHashMap<>();
  private final Map<UUID, Shared> payments = new HashMap<>();
  private final Map<Key, UUID> keys = new HashMap<>();
  private final Map<String, Set<UUID>> streams = new HashMap<>();
  private final Map<UUID, List<Asking>> waiters = new HashMap<>();
  private final AtomicInteger moving = new AtomicInteger();

  boolean knows(Key key) {
    return keys.containsKey(key);
  }

  boolean knows(UUID sagaId) {
    return sagas.containsKey(sagaId);
  }

  @Nullable Live find(Key key) {
    UUID id = keys.get(key);
    return id == null ? null : find(id);
  }

  @Nullable Live find(UUID sagaId) {
    Kept kept = sagas.get(sagaId);
    if (kept == null) {
      return null;
    }
    Shared shared = payments.get(kept.saga.claim().paymentId().uuid());
    if (shared == null) {
      throw new IllegalStateException("a saga without its payment: " + sagaId);
    }
    return new Live(kept.unit, kept.saga, shared.standing);
  }

  /** A payment of which any saga is remembered. */
  @Nullable Standing payment(UUID paymentId) {
    Shared shared = payments.get(paymentId);
    return shared == null ? null : shared.standing;
  }

  /**
   * Takes a committed state in. What has nothing left to do is dropped, and so is what only sleeps
   * until after the horizon: the table wakes it.
   */
  void put(Live live, Instant horizon) {
    remove(live.id());
    Shared shared = payments.get(live.paymentId());
    if (shared != null) {
      shared.standing = live.standing();
    }
    if (live.isUnfinished() && !live.sleepsBeyond(horizon)) {
      if (shared == null) {
        shared = new Shared(live.standing());
        payments.put(live.paymentId(), shared);
      }
      shared.sagas++;
      Key key = Key.of(live.saga().claim());
      sagas.put(live.id(), new Kept(live.unit(), live.saga(), key));
      keys.put(key, live.id());
      streams.computeIfAbsent(live.unit().stream(), none -> new HashSet<>()).add(live.id());
      moving.addAndGet(live.saga().moves() ? 1 : 0);
    }
  }

  private void remove(UUID id) {
    Kept before = sagas.remove(id);
    if (before != null) {
      keys.remove(before.key);
      Set<UUID> ofStream = streams.get(before.unit.stream());
      if (ofStream != null) {
        ofStream.remove(id);
      }
      UUID paymentId = before.saga.claim().paymentId().uuid();
      Shared shared = payments.get(paymentId);
      if (shared != null && --shared.sagas == 0) {
        payments.remove(paymentId);
      }
      moving.addAndGet(before.saga.moves() ? -1 : 0);
    }
  }

  /**
   * Drops everything of a stream.
   *
   * @return who waited for any of it
   */
  List<Asking> forget(String stream) {
    List<Asking> waited = new ArrayList<>();
    Set<UUID> ofStream = streams.remove(stream);
    for (UUID id : ofStream == null ? Set.<UUID>of() : Set.copyOf(ofStream)) {
      remove(id);
      waited.addAll(takeWaiters(id));
    }
    return waited;
  }

  /** Remembers who is to be answered when the saga rests. */
  void await(UUID sagaId, Asking asking) {
    waiters.computeIfAbsent(sagaId, none -> new ArrayList<>(1)).add(asking);
  }

  /** Those who wait for a saga; they are answered by the caller. */
  List<Asking> takeWaiters(UUID sagaId) {
    List<Asking> waiting = waiters.remove(sagaId);
    return waiting == null ? List.of() : waiting;
  }

  /**
   * Stops waiting.
   *
   * @return the saga that was waited for; null when this one does not wait
   */
  @Nullable Live takeWaiter(Asking asking) {
    Live live = find(asking.key());
    List<Asking> waiting = live == null ? null : waiters.get(live.id());
    return waiting != null && waiting.remove(asking) ? live : null;
  }

  /** Sagas at work. */
  int moving() {
    return moving.get();
  }

  int unfinished() {
    return sagas.size();
  }

  /** The age of the oldest saga at work. */
  long oldestSeconds(Instant now) {
    return sagas.values().stream()
        .filter(kept -> kept.saga.phase() != Phase.OPEN)
        .mapToLong(kept -> Duration.between(kept.saga.claim().createdAt(), now).toSeconds())
        .max()
        .orElse(0);
  }
}
