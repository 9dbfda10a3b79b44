package dev.ducat.kernel.shard;

import dev.ducat.kernel.shard.ShardStore.Claimed;
import dev.ducat.kernel.shard.ShardStore.Ownership;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.time.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this process's leases: says that it lives, renews what it holds, claims its fair share of
 * what nobody holds, and gives back what others should have. One virtual thread; {@link #runOnce}
 * is one round.
 */
public final class Leases {
  private static final Logger LOG = LoggerFactory.getLogger(Leases.class);

  /** One round of statements: a server that does not answer in this time is away. */
  private static final Duration ANSWER_MAX = Duration.ofSeconds(2);

  /** The pause of a node that waits for units: what bounds how long a joining node stands idle. */
  private static final Duration EAGER = Duration.ofMillis(250);

  private final ShardStore store;
  private final ShardSettings settings;
  private final Clock clock;
  private final String nodeId;
  private final UUID owner = UUID.randomUUID();
  private final Map<UnitKind, UnitOwner> owners = new ConcurrentHashMap<>();
  private final Map<UnitKind, Set<Integer>> common = new ConcurrentHashMap<>();
  private final Map<UnitKind, Map<Integer, Held>> held = new EnumMap<>(UnitKind.class);
  private boolean nameTaken;
  private volatile boolean open = true;
  private @Nullable Thread thread;

  /** A unit we hold; {@code leaving} while it is on its way back. */
  private static final class Held {
    final Lease lease;
    volatile boolean leaving;

    Held(Lease lease) {
      this.lease = lease;
    }
  }

  public Leases(
      Pool pool, String nodeId, ShardSettings settings, Clock clock, MeterRegistry meters) {
    this.store = new ShardStore(pool, settings.lease());
    this.settings = settings;
    this.clock = clock;
    this.nodeId = nodeId;
    for (UnitKind kind : UnitKind.values()) {
      Map<Integer, Held> units = new ConcurrentHashMap<>();
      held.put(kind, units);
      meters.gaugeMapSize(
          "ducat.leases.owned",
          List.of(io.micrometer.core.instrument.Tag.of("kind", kind.text())),
          units);
    }
  }

  /** The token of this process: random, so that a restarted process is somebody else. */
  public UUID owner() {
    return owner;
  }

  public ShardSettings settings() {
    return settings;
  }

  /**
   * Who has a unit, by the database, for people.
   *
   * @param nodeId empty where the process is gone and its lease has not run out yet
   */
  public record Owner(String nodeId, long epoch) {}

  /** Who has a unit; empty where nobody has it. */
  public Future<Optional<Owner>> ownerOf(UnitKind kind, int unit) {
    return store.holder(kind, unit);
  }

  /**
   * Creates the units on an empty database, and refuses a database that was installed with other
   * numbers.
   */
  public Future<Void> install() {
    Future<Void> all = Future.succeededFuture();
    for (UnitKind kind : UnitKind.values()) {
      int wanted = settings.units(kind);
      all =
          all.compose(done -> store.install(kind, wanted))
              .compose(
                  installed ->
                      installed == wanted
                          ? Future.succeededFuture()
                          : Future.failedFuture(
                              new IllegalStateException(
                                  "this database was installed with %d units of %s, the configuration says %d"
                                      .formatted(installed, kind.text(), wanted))));
    }
    return all;
  }

  /** From now on this process claims units of {@code kind}. */
  public void serve(UnitKind kind, UnitOwner unitOwner) {
    if (owners.putIfAbsent(kind, unitOwner) != null) {
      throw new IllegalStateException(kind + " is served already");
    }
    wake();
  }

  /** Gives back all units of {@code kind}, each after its calls in flight, and claims no more. */
  public Future<Void> withdraw(UnitKind kind) {
    UnitOwner unitOwner = owners.remove(kind);
    if (unitOwner == null) {
      return Future.succeededFuture();
    }
    List<Future<Void>> returned = new ArrayList<>();
    unitsOf(kind).values().forEach(unit -> returned.add(giveBack(unitOwner, unit)));
    wake();
    return Future.join(returned).otherwiseEmpty().mapEmpty();
  }

  /** Starts the keeper's thread. */
  public void start() {
    thread = Thread.ofVirtual().name("leases").start(this::run);
  }

  /** Ends the keeper. Withdraw every kind first, else the others wait until the leases run out. */
  public Future<Void> stop() {
    open = false;
    wake();
    return store.depart(owner).otherwiseEmpty();
  }

  /** Leases held now, those on their way back included. */
  public Collection<Lease> held(UnitKind kind) {
    return unitsOf(kind).values().stream().map(unit -> unit.lease).toList();
  }

  /**
   * Raises the epoch of a lease, which settles every transaction whose answer was lost: it has
   * committed before, or never will. Blocks its virtual thread until the database answers or the
   * keeper ends.
   *
   * @return whether the unit is still ours
   */
  public boolean raise(Lease lease) {
    while (open) {
      long started = clock.monotonicNanos();
      try {
        Optional<Long> raised =
            Await.result(store.raise(lease.kind(), lease.unit(), owner, lease.epoch()), ANSWER_MAX);
        if (raised.isPresent()) {
          trust(lease, started);
          lease.raisedTo(raised.get());
          return true;
        }
        // Either somebody else has it, or an earlier attempt of ours whose answer was lost has
        // raised it.
        Optional<Ownership> now =
            Await.result(store.ownership(lease.kind(), lease.unit()), ANSWER_MAX);
        if (now.isEmpty() || !now.get().owner().equals(owner)) {
          return false;
        }
        lease.raisedTo(now.get().epoch());
        return true;
      } catch (RuntimeException away) {
        LOG.warn("raising {} got no answer, asking again: {}", lease, away.getMessage());
        LockSupport.parkNanos(EAGER.toNanos());
      }
    }
    return false;
  }

  /** What a lane or a slot found out by itself: the unit is somebody else's. */
  public void noticeLost(Lease lease) {
    Held unit = unitsOf(lease.kind()).get(lease.unit());
    if (unit != null && unit.lease == lease) {
      lose(lease.kind(), unit);
    }
  }

  /**
   * Definition versions that every live node of a kind knows, as of the last round: new work is
   * begun by the newest of them, so that whoever has to take it over can.
   */
  public Set<Integer> versionsOfAll(UnitKind kind) {
    return common.getOrDefault(kind, Set.of());
  }

  /** Whether this process can work by a definition version. */
  public boolean knows(UnitKind kind, int version) {
    UnitOwner unitOwner = owners.get(kind);
    return unitOwner != null && unitOwner.versions().contains(version);
  }

  private Integer[] versions() {
    return owners.values().stream()
        .flatMap(unitOwner -> unitOwner.versions().stream())
        .distinct()
        .sorted()
        .toArray(Integer[]::new);
  }

  private void run() {
    while (open) {
      Duration pause = EAGER;
      try {
        pause = runOnce() ? settings.lease().dividedBy(3) : EAGER;
      } catch (RuntimeException away) {
        LOG.warn("lease round failed: {}", away.getMessage());
      }
      LockSupport.parkNanos(pause.toNanos());
    }
  }

  /**
   * One round.
   *
   * @return whether every kind has its fair share
   */
  boolean runOnce() {
    if (owners.isEmpty() && held.values().stream().allMatch(Map::isEmpty)) {
      return true;
    }
    boolean alive =
        Await.result(store.heartbeat(nodeId, owner, owners.keySet(), versions()), ANSWER_MAX);
    for (UnitKind kind : UnitKind.values()) {
      renew(kind);
    }
    if (!alive && !nameTaken) {
      // Also after a restart under the same name: until the lease of the killed one runs out.
      LOG.warn("another process has the node id {}; claiming nothing until it is gone", nodeId);
    }
    nameTaken = !alive;
    if (!alive) {
      return false;
    }
    Map<UnitKind, Peers> nodes = Await.result(store.liveNodes(), ANSWER_MAX);
    boolean settled = true;
    for (Map.Entry<UnitKind, UnitOwner> entry : owners.entrySet()) {
      settled &=
          balance(entry.getKey(), entry.getValue(), nodes.getOrDefault(entry.getKey(), Peers.NONE));
    }
    return settled;
  }

  private void renew(UnitKind kind) {
    List<Held> units = List.copyOf(unitsOf(kind).values());
    if (units.isEmpty()) {
      return;
    }
    Integer[] numbers = units.stream().map(unit -> unit.lease.unit()).toArray(Integer[]::new);
    Long[] epochs = units.stream().map(unit -> unit.lease.epoch()).toArray(Long[]::new);
    long started = clock.monotonicNanos();
    Set<Integer> renewed = Await.result(store.renew(kind, owner, numbers, epochs), ANSWER_MAX);
    for (int i = 0; i < units.size(); i++) {
      Lease lease = units.get(i).lease;
      if (renewed.contains(lease.unit())) {
        trust(lease, started);
      } else if (lease.epoch() == epochs[i]) {
        lose(kind, units.get(i));
      } // else its lane raised the epoch in between: the next round renews it.
    }
  }

  private boolean balance(UnitKind kind, UnitOwner unitOwner, Peers peers) {
    int share = peers.shareOf(owner, settings.units(kind));
    if (share < 0) {
      return false;
    }
    common.put(kind, peers.common());
    Set<Integer> bound = bound(unitOwner, peers);
    List<Held> staying =
        unitsOf(kind).values().stream()
            .filter(unit -> !unit.leaving)
            .sorted((a, b) -> Integer.compare(b.lease.unit(), a.lease.unit()))
            .toList();
    staying.stream()
        .filter(unit -> !bound.contains(unit.lease.unit()))
        .limit(Math.max(0, staying.size() - share))
        .forEach(unit -> giveBack(unitOwner, unit));
    int wanted = share - staying.size();
    if (wanted <= 0 && bound.isEmpty()) {
      return true;
    }
    Set<Integer> able = able(kind, unitOwner);
    boolean settled = wanted <= 0 || claim(kind, unitOwner, wanted, able);
    // Not every node may have these, so those who may take them beyond their share.
    able.retainAll(bound);
    if (!able.isEmpty()) {
      claim(kind, unitOwner, able.size(), able);
    }
    return settled;
  }

  /** Units that one of the live nodes cannot work on. No question while all are of one version. */
  private static Set<Integer> bound(UnitOwner unitOwner, Peers peers) {
    Set<Integer> bound = new HashSet<>();
    for (Set<Integer> known : peers.lacking(unitOwner.versions())) {
      bound.addAll(Await.result(unitOwner.beyond(known), ANSWER_MAX));
    }
    return bound;
  }

  /** Units that this process can work on. */
  private Set<Integer> able(UnitKind kind, UnitOwner unitOwner) {
    Set<Integer> able = new HashSet<>();
    for (int unit = 0; unit < settings.units(kind); unit++) {
      able.add(unit);
    }
    able.removeAll(Await.result(unitOwner.beyond(unitOwner.versions()), ANSWER_MAX));
    return able;
  }

  private boolean claim(UnitKind kind, UnitOwner unitOwner, int wanted, Set<Integer> among) {
    long started = clock.monotonicNanos();
    List<Claimed> claimed = Await.result(store.claim(kind, owner, wanted, among), ANSWER_MAX);
    for (Claimed unit : claimed) {
      Held before = unitsOf(kind).get(unit.unit());
      if (before != null) {
        // Ours, but it had run out before it was renewed: everything in memory is of an old epoch.
        lose(kind, before);
      }
      Lease lease = new Lease(kind, unit.unit(), owner, unit.epoch(), 0);
      trust(lease, started);
      Held now = new Held(lease);
      unitsOf(kind).put(unit.unit(), now);
      unitOwner
          .acquired(lease)
          .onSuccess(loaded -> LOG.debug("serving {}", lease))
          .onFailure(
              broken -> {
                LOG.warn("could not take over {}, giving it back", lease, broken);
                unitOwner.lost(lease);
                release(now);
              });
    }
    return claimed.size() == wanted;
  }

  private Future<Void> giveBack(UnitOwner unitOwner, Held unit) {
    if (unit.leaving) {
      return Future.succeededFuture();
    }
    unit.leaving = true;
    Promise<Void> returned = Promise.promise();
    unitOwner
        .leaving(unit.lease)
        .onComplete(done -> release(unit).onComplete(released -> returned.complete()));
    return returned.future();
  }

  private Future<Void> release(Held unit) {
    Lease lease = unit.lease;
    unitsOf(lease.kind()).remove(lease.unit(), unit);
    return store
        .release(lease.kind(), lease.unit(), owner, lease.epoch())
        .onFailure(late -> LOG.warn("{} runs out by itself: {}", lease, late.getMessage()));
  }

  private void lose(UnitKind kind, Held unit) {
    if (unitsOf(kind).remove(unit.lease.unit(), unit)) {
      LOG.warn("lost {}", unit.lease);
      UnitOwner unitOwner = owners.get(kind);
      if (unitOwner != null) {
        unitOwner.lost(unit.lease);
      }
    }
  }

  private void trust(Lease lease, long startedNanos) {
    lease.trustUntil(startedNanos + settings.lease().minus(settings.margin()).toNanos());
  }

  private Map<Integer, Held> unitsOf(UnitKind kind) {
    Map<Integer, Held> units = held.get(kind);
    if (units == null) {
      throw new IllegalStateException("no units of " + kind);
    }
    return units;
  }

  private void wake() {
    Thread running = thread;
    if (running != null) {
      LockSupport.unpark(running);
    }
  }
}
