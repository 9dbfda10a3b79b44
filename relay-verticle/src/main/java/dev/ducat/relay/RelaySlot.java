package dev.ducat.relay;

import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.sql.Await;
import dev.ducat.proto.internal.v1.DeadEventsReply;
import dev.ducat.proto.internal.v1.RedriveCommand;
import dev.ducat.proto.operations.v1.RelaySlotState;
import dev.ducat.proto.operations.v1.RelayStream;
import dev.ducat.relay.SlotSession.Setting;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An actor: one slot's way from Postgres to Kafka, on one virtual thread. It publishes as long as a
 * session lasts, and takes the slot anew when one failed.
 */
final class RelaySlot {
  private static final Logger LOG = LoggerFactory.getLogger(RelaySlot.class);

  /** A failure that goes on is logged again this often. */
  private static final Duration REPEAT = Duration.ofMinutes(1);

  private final Setting setting;
  private final Lease lease;
  private final RelayStore store;
  private final SlotMetrics metrics;
  private final Suspicion suspicion = new Suspicion();
  private final Wishes wishes = new Wishes();
  private final Semaphore doorbell = new Semaphore(0);
  private final Promise<Void> ended = Promise.promise();
  private volatile boolean open = true;
  private volatile SlotStatus status;
  private volatile @Nullable SlotSession session;
  private final Pace pace;
  private long gatherNanos;
  private boolean fresh = true;
  private volatile Positions known = new Positions(Map.of());
  private Positions copied = known;
  private long copyDueNanos;
  private long loggedNanos;

  /** A copy of the positions that is on its way. */
  private Future<Void> copying = Future.succeededFuture();

  RelaySlot(Setting setting, Lease lease, List<String> streams) {
    this.setting = setting;
    this.lease = lease;
    this.store =
        new RelayStore(
            setting.vertx(),
            setting.node().postgres(),
            lease.unit(),
            streams,
            SlotSession.READ_MAX);
    this.status = new SlotStatus(lease.unit(), SlotState.TAKING, null);
    this.metrics =
        new SlotMetrics(
            setting.node().meters(), setting.node().clock(), lease.unit(), () -> status.state());
    this.pace = new Pace(now());
    this.copyDueNanos = now();
    this.loggedNanos = now() - REPEAT.toNanos();
  }

  Lease lease() {
    return lease;
  }

  SlotStatus status() {
    return status;
  }

  /** The slot for people: what its owner knows. */
  dev.ducat.proto.operations.v1.RelaySlot told() {
    SlotStatus now = status;
    dev.ducat.proto.operations.v1.RelaySlot.Builder told =
        dev.ducat.proto.operations.v1.RelaySlot.newBuilder()
            .setSlot(lease.unit())
            .setNodeId(setting.node().nodeId())
            .setEpoch(lease.epoch())
            .setProblem(now.reason() == null ? "" : now.reason())
            .setState(
                switch (now.state()) {
                  case RELAYING -> RelaySlotState.RELAY_SLOT_STATE_RUNNING;
                  case STOPPED -> RelaySlotState.RELAY_SLOT_STATE_ALARMED;
                  case TAKING, WAITING, ENDED -> RelaySlotState.RELAY_SLOT_STATE_WAITING;
                });
    known
        .byStream()
        .forEach(
            (stream, position) ->
                told.addStreams(
                    RelayStream.newBuilder().setStream(stream).setPosition(position.seq())));
    return told.build();
  }

  void start() {
    Thread.ofVirtual().name("relay-slot-" + lease.unit()).start(this::run);
  }

  /** There is news of a stream, or there may be. */
  void ring(String stream) {
    SlotSession current = session;
    if (current != null && !current.isFed(stream)) {
      current.lookAtTable();
    }
    ring();
  }

  private void ring() {
    if (doorbell.availablePermits() == 0) {
      doorbell.release();
    }
  }

  /** Records that an operator wants a parked event published. */
  Future<DeadEventsReply> redrive(RedriveCommand command) {
    SlotStatus now = status;
    if (now.state() != SlotState.RELAYING) {
      return Wishes.unavailable(now);
    }
    Future<DeadEventsReply> answer = wishes.add(command);
    ring();
    return answer;
  }

  /** Ends after the transaction in hand. */
  Future<Void> stop() {
    open = false;
    ring();
    return ended.future();
  }

  private void run() {
    try {
      work();
    } catch (Error fatal) {
      // A slot without a thread would be held for nothing, unseen: let somebody else have it.
      LOG.error("relay slot {} ends", lease.unit(), fatal);
      open = false;
      setting.node().leases().noticeLost(lease);
      throw fatal;
    } finally {
      end();
    }
  }

  private void work() {
    Duration poll = setting.relay().poll().first();
    Duration backoff = setting.relay().retry().first();
    while (open) {
      try {
        gatherNanos = 0;
        boolean published = runOnce() > 0;
        boolean news = gathered() || pause(poll) || published;
        poll = news ? setting.relay().poll().first() : doubled(poll, setting.relay().poll().max());
        backoff = setting.relay().retry().first();
      } catch (EventRefused refused) {
        LOG.warn("relay slot {} takes the slot anew: {}", lease.unit(), refused.getMessage());
        metrics.refused();
        closeSession();
      } catch (RelayStopped finding) {
        fail(SlotState.STOPPED, finding);
        pauseDeaf(setting.relay().retry().stopped());
      } catch (RuntimeException failure) {
        fail(SlotState.WAITING, failure);
        pauseDeaf(backoff);
        backoff = doubled(backoff, setting.relay().retry().max());
      }
    }
  }

  /**
   * Takes the slot if need be, then publishes at most one batch.
   *
   * @return events published
   */
  int runOnce() {
    SlotSession current = session;
    if (current == null) {
      current = take();
      session = current;
    }
    wishes.answer(current);
    long started = now();
    int events = current.runOnce();
    metrics.parked(current.parked());
    becomeRelaying();
    known = current.published();
    if (events > 0) {
      metrics.published(events, now() - started);
      gatherNanos = pace.nanosAfter(events, started, now());
    }
    if (atLeastOnce() && copying.isComplete()) {
      copy();
    }
    if (now() - copyDueNanos >= 0) {
      copyDueNanos = now() + setting.relay().retry().copyEvery().toNanos();
      copy();
      store.lag(known).onSuccess(metrics::lag);
    }
    return events;
  }

  /** Whether to go on without waiting for news: more waits already, or has gathered by now. */
  private boolean gathered() {
    SlotSession current = session;
    if (current != null && current.isBehind()) {
      return true;
    }
    if (gatherNanos > 0) {
      pauseDeaf(Duration.ofNanos(gatherNanos));
      return true;
    }
    return false;
  }

  private boolean atLeastOnce() {
    return setting.relay().mode() == RelaySettings.Mode.AT_LEAST_ONCE;
  }

  private SlotSession take() {
    setting.kafka().verify();
    // The first time the lease is fresh. Later only a new epoch proves that the slot is still ours;
    // producers that are
    // initialized without it could fence the rightful owner's.
    if (!fresh && !setting.node().leases().raise(lease)) {
      open = false;
      setting.node().leases().noticeLost(lease);
      throw new IllegalStateException("the slot is somebody else's");
    }
    fresh = false;
    return SlotSession.open(setting, lease, store, suspicion);
  }

  /**
   * Only a round that went well ends a trouble: taking the slot does not show that Kafka takes the
   * events.
   */
  private void becomeRelaying() {
    if (status.state() != SlotState.RELAYING) {
      if (status.state() != SlotState.TAKING) {
        LOG.info("relay slot {} goes on", lease.unit());
      }
      become(SlotState.RELAYING, null);
    }
  }

  private void copy() {
    Positions now = known;
    if (!now.equals(copied)) {
      copying =
          store
              .copy(now, lease, atLeastOnce())
              .onFailure(later -> LOG.debug("positions were not copied: {}", later.getMessage()));
      copied = now;
    }
  }

  private void fail(SlotState state, RuntimeException failure) {
    closeSession();
    store.discard();
    metrics.failed();
    String reason = String.valueOf(failure.getMessage());
    boolean news = status.state() != state || now() - loggedNanos >= REPEAT.toNanos();
    become(state, reason);
    if (news && open) {
      loggedNanos = now();
      if (state == SlotState.STOPPED) {
        LOG.error("relay slot {} stopped: {}", lease.unit(), reason);
      } else {
        LOG.warn("relay slot {} waits: {}", lease.unit(), reason);
      }
    }
    wishes.refuse(status);
    measureLag();
  }

  private void closeSession() {
    if (session != null) {
      session.close();
      session = null;
    }
  }

  /** While nothing can be published, somebody should see how much gathers. */
  private void measureLag() {
    try {
      metrics.lag(Await.result(store.lag(known), SlotSession.READ_MAX));
    } catch (RuntimeException away) {
      LOG.debug("lag of slot {} is unknown: {}", lease.unit(), away.getMessage());
      store.discard();
    }
  }

  private void end() {
    try {
      if (session != null) {
        session.close();
        Await.result(
            store.copy(known, lease, atLeastOnce()), setting.node().leases().settings().drain());
      }
    } catch (RuntimeException away) {
      LOG.debug("positions were not copied: {}", away.getMessage());
    } finally {
      store.discard();
      metrics.close();
      become(SlotState.ENDED, null);
      wishes.refuse(status);
      ended.complete();
    }
  }

  private void become(SlotState state, @Nullable String reason) {
    status = new SlotStatus(lease.unit(), state, reason);
  }

  /** Waits for the doorbell, at most this long; says whether it rang. */
  private boolean pause(Duration limit) {
    try {
      boolean rang = doorbell.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS);
      doorbell.drainPermits();
      return rang;
    } catch (InterruptedException ending) {
      open = false;
      return false;
    }
  }

  /** Waits although the doorbell rings: what it announces cannot be published anyway. */
  private void pauseDeaf(Duration length) {
    long until = now() + length.toNanos();
    while (open && now() - until < 0) {
      pause(Duration.ofNanos(Math.max(1, until - now())));
    }
  }

  private static Duration doubled(Duration pause, Duration max) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(max) < 0 ? twice : max;
  }

  private long now() {
    return setting.node().clock().monotonicNanos();
  }
}
