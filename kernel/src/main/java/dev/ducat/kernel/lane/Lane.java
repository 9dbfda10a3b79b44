package dev.ducat.kernel.lane;

import dev.ducat.kernel.lane.LaneConnection.End;
import dev.ducat.kernel.lane.Mailbox.Letter;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.sql.SqlFailure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An actor with group commit: a mailbox, one loop on one virtual thread, and one transaction for
 * everything that gathered while the last one was on its way. Nothing is answered, sent or
 * remembered before its commit is known.
 *
 * @param <M> messages
 */
public final class Lane<M> {
  private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

  /** Letters that wait for their lease to be renewed are looked at this often. */
  private static final Duration PATIENCE = Duration.ofMillis(100);

  /** Loading fails this often over connections that answer before the messages are suspected. */
  private static final int LOAD_FAILURES_MAX = 3;

  private static final Duration BACKOFF_FIRST = Duration.ofMillis(20);
  private static final Duration BACKOFF_MAX = Duration.ofSeconds(1);

  private final String name;
  private final Node node;
  private final LaneSettings settings;
  private final LaneActor<M> actor;
  private final Mailbox<M> mailbox;
  private final LaneConnection connection;
  private final LaneMetrics metrics;
  private final Map<String, Stream> streams = new HashMap<>();
  private final Deque<Letter<M>> waiting = new ArrayDeque<>();
  private final ConcurrentLinkedQueue<Runnable> controls = new ConcurrentLinkedQueue<>();
  private final Promise<Void> ended = Promise.promise();
  private volatile boolean open = true;

  public Lane(String name, Node node, Vertx vertx, LaneSettings settings, LaneActor<M> actor) {
    this.name = name;
    this.node = node;
    this.settings = settings;
    this.actor = actor;
    this.mailbox = new Mailbox<>(settings.mailboxMax(), actor::weight);
    this.connection =
        new LaneConnection(vertx, node.postgres(), "ducat-" + name, settings.commitMax());
    this.metrics = new LaneMetrics(node.meters(), name, mailbox::size);
  }

  /** Starts the loop. */
  public void start() {
    Thread.ofVirtual().name("lane-" + name).start(this::run);
  }

  /**
   * Ends the loop after the batch in hand. What still waits is answered with {@link
   * LaneActor#notOwner}.
   */
  public Future<Void> stop() {
    open = false;
    mailbox.wake();
    return ended.future();
  }

  /**
   * New work of a client.
   *
   * @return false when the mailbox is full: nothing was taken
   */
  public boolean offer(M message) {
    return open && mailbox.offer(message);
  }

  /** Outcomes, replies, timers: always taken, and taken first. */
  public void put(M message) {
    mailbox.put(message);
  }

  /**
   * Takes a unit over: reads its stream and its unfinished work. Serve its address only afterwards.
   */
  public Future<Void> takeOver(Lease lease) {
    Promise<Void> taken = Promise.promise();
    control(
        () -> {
          try {
            if (!open) {
              taken.fail("the lane has ended");
            } else if (load(lease)) {
              taken.complete();
            } else {
              taken.fail("fenced before it was loaded: " + lease);
            }
          } catch (RuntimeException failed) {
            connection.discard();
            actor.forget(lease.address());
            taken.fail(failed);
          }
        });
    return taken.future();
  }

  /** Drops a unit: its memory, and what waits for it. */
  public Future<Void> drop(Lease lease) {
    Promise<Void> dropped = Promise.promise();
    control(
        () -> {
          Stream stream = streams.get(lease.address());
          if (stream != null && stream.lease() == lease) {
            forget(lease.address());
          }
          dropped.complete();
        });
    return dropped.future();
  }

  private void control(Runnable action) {
    controls.add(action);
    mailbox.wake();
    if (ended.future().isComplete()) {
      runControls();
    }
  }

  private void runControls() {
    for (Runnable next = controls.poll(); next != null; next = controls.poll()) {
      next.run();
    }
  }

  private void run() {
    try {
      while (open) {
        try {
          runOnce();
        } catch (RuntimeException defect) {
          // Whatever it was, memory may be half changed: read everything again.
          LOG.error("lane {}: defect, reloading every stream", name, defect);
          metrics.defect();
          List.copyOf(streams.keySet()).forEach(this::reload);
          pause(1);
        }
      }
    } catch (InterruptedException ending) {
      LOG.debug("lane {} interrupted", name);
    } finally {
      List.copyOf(streams.keySet()).forEach(this::forget);
      turnAway();
      connection.discard();
      ended.complete();
      runControls();
    }
  }

  /** The lane has ended: whoever still waits is told so, and asks the next owner. */
  private void turnAway() {
    waiting.forEach(letter -> actor.notOwner(letter.message()));
    mailbox.drain().forEach(letter -> actor.notOwner(letter.message()));
  }

  /**
   * One turn of the loop.
   *
   * @return messages handled
   */
  int runOnce() throws InterruptedException {
    List<Letter<M>> letters = mailbox.takeAll(settings.batchMax(), PATIENCE);
    runControls();
    while (!waiting.isEmpty() && letters.size() < settings.batchMax()) {
      letters.add(waiting.remove());
    }
    if (!letters.isEmpty()) {
      new Turn(letters).run();
    }
    return letters.size();
  }

  /** Everything it takes to get one batch of letters decided and committed. */
  private final class Turn {
    private final int size;
    private final Deque<List<Letter<M>>> todo = new ArrayDeque<>();
    private final List<Letter<M>> culprits = new ArrayList<>();
    private String lastRefusal = "";
    private int failures;
    private int loadFailures;

    Turn(List<Letter<M>> letters) {
      size = letters.size();
      todo.push(letters);
    }

    void run() {
      while (!todo.isEmpty()) {
        List<Letter<M>> batch = owned(todo.pop());
        if (!batch.isEmpty()) {
          attempt(batch);
        }
        if (todo.isEmpty() && !culprits.isEmpty()) {
          settleCulprits();
        }
      }
    }

    private void attempt(List<Letter<M>> batch) {
      List<M> messages = batch.stream().map(Letter::message).toList();
      Plan plan;
      try {
        actor.load(connection.open(), messages);
      } catch (RuntimeException failed) {
        connection.discard();
        // Is it the connection, or is it the messages? A driver that cannot encode a parameter and
        // a
        // dropped connection look alike; but over a connection that answers, a connection is not
        // to blame twice.
        if (++loadFailures >= LOAD_FAILURES_MAX && connection.answers()) {
          LOG.error("lane {}: {} messages cannot be loaded", name, batch.size(), failed);
          split(batch, "load: " + failed);
        } else {
          again(batch, "load: " + failed);
        }
        return;
      }
      try {
        plan = actor.decide(messages);
      } catch (RuntimeException defect) {
        LOG.error("lane {}: {} messages could not be decided", name, batch.size(), defect);
        split(batch, String.valueOf(defect));
        return;
      }
      commit(plan, batch);
    }

    private void commit(Plan plan, List<Letter<M>> batch) {
      if (plan.streams().isEmpty()) {
        plan.afterCommit().forEach(Runnable::run);
        return;
      }
      List<Stream> written = new ArrayList<>();
      plan.streams().keySet().forEach(stream -> written.add(streamNamed(stream)));
      long started = node.clock().monotonicNanos();
      End end;
      try {
        end = connection.commit(node.leases().owner(), written, plan);
      } catch (RuntimeException notConnected) {
        connection.discard();
        again(batch, "connect: " + notConnected);
        return;
      }
      switch (end) {
        case End.Committed committed -> {
          metrics.committed(batch.size(), node.clock().monotonicNanos() - started);
          failures = 0;
          finish(plan, written, committed.events());
        }
        case End.Refused refused -> refused(refused.why(), plan, batch);
        case End.InDoubt unknown -> {
          LOG.warn("lane {}: a commit is in doubt: {}", name, unknown.why());
          settle(plan, written, batch);
        }
      }
    }

    private void refused(SqlFailure why, Plan plan, List<Letter<M>> batch) {
      switch (why) {
        case SqlFailure.BadData bad when actor.showsStaleMemory(bad) ->
            stale(bad.message(), plan, batch);
        case SqlFailure.BadData bad -> split(batch, bad.sqlState() + " " + bad.message());
        case SqlFailure.Fenced fenced -> {
          metrics.fenced();
          LOG.warn("lane {}: fenced on {}", name, fenced.streams());
          fenced.streams().forEach(Lane.this::regain);
          todo.push(batch);
        }
        case SqlFailure.Stale stale -> stale(stale.what(), plan, batch);
        case SqlFailure.Transient other -> again(batch, other.reason());
        case SqlFailure.NoAnswer lost -> again(batch, lost.reason());
      }
    }

    private void stale(String what, Plan plan, List<Letter<M>> batch) {
      LOG.error("lane {}: memory was behind the database: {}", name, what);
      metrics.defect();
      plan.streams().keySet().forEach(Lane.this::regain);
      pause(++failures);
      todo.push(batch);
    }

    /**
     * A commit whose answer was lost. Raising the epoch of a stream it touched waits for it or
     * keeps it from ever running; what n says then is final.
     */
    private void settle(Plan plan, List<Stream> written, List<Letter<M>> batch) {
      metrics.inDoubt();
      connection.discard();
      boolean committed = false;
      List<Stream> lost = new ArrayList<>();
      for (Stream stream : written) {
        Optional<Stream> now =
            node.leases().raise(stream.lease()) ? readPatiently(stream.lease()) : Optional.empty();
        if (now.isEmpty()) {
          lost.add(stream);
        } else {
          // Memory stays as it was committed last; only epoch and n are new.
          committed |= now.get().n() > stream.n();
          streams.put(stream.name(), now.get());
        }
      }
      LOG.info(
          "lane {}: the commit in doubt {}", name, committed ? "had happened" : "never happens");
      if (committed) {
        plan.afterCommit().forEach(Runnable::run);
      } else {
        todo.push(batch);
      }
      lost.forEach(Lane.this::lost);
    }

    private void split(List<Letter<M>> batch, String refusal) {
      lastRefusal = refusal;
      if (batch.size() == 1) {
        culprits.add(batch.getFirst());
        return;
      }
      int half = batch.size() / 2;
      todo.push(batch.subList(half, batch.size()));
      todo.push(batch.subList(0, half));
    }

    /**
     * A few bad messages are refused alone; when all of a batch are bad, the fault is not theirs.
     */
    private void settleCulprits() {
      List<Letter<M>> alone = List.copyOf(culprits);
      culprits.clear();
      if (size > 2 && alone.size() == size) {
        LOG.error("lane {}: every message of a batch is refused: {}", name, lastRefusal);
        metrics.defect();
        again(alone, lastRefusal);
        return;
      }
      for (Letter<M> letter : owned(alone)) {
        LOG.error("lane {}: a message is refused: {}", name, lastRefusal);
        refuse(letter);
      }
    }

    private void refuse(Letter<M> letter) {
      Plan plan = actor.decideAlone(letter.message(), lastRefusal);
      if (plan.streams().isEmpty()) {
        plan.afterCommit().forEach(Runnable::run);
        return;
      }
      List<Stream> written = new ArrayList<>();
      plan.streams().keySet().forEach(stream -> written.add(streamNamed(stream)));
      if (connection.commit(node.leases().owner(), written, plan)
          instanceof End.Committed committed) {
        finish(plan, written, committed.events());
      } else {
        // Its intent is in the table and will be asked about again: dropping it loses time, not
        // money.
        LOG.error("lane {}: the refusal could not be written; its stream is read again", name);
        connection.discard();
        written.forEach(stream -> regain(stream.name()));
      }
    }

    private void again(List<Letter<M>> batch, String reason) {
      LOG.warn("lane {}: again, {}", name, reason);
      pause(++failures);
      todo.push(batch);
    }
  }

  private void finish(Plan plan, List<Stream> written, List<StoredEvent> events) {
    for (Stream stream : written) {
      Plan.StreamWrite write = plan.write(stream.name());
      stream.committed(stream.head() + write.events.size(), write.chain);
    }
    node.tail().committed(events);
    plan.afterCommit().forEach(Runnable::run);
  }

  /**
   * The letters whose unit is ours. Client work for units that are not, or not for certain, is
   * answered so; outcomes wait while the lease may still be renewed.
   */
  private List<Letter<M>> owned(List<Letter<M>> letters) {
    List<Letter<M>> mine = new ArrayList<>(letters.size());
    for (Letter<M> letter : letters) {
      Stream stream = streams.get(actor.streamOf(letter.message()));
      if (stream != null && stream.lease().isTrusted(node.clock())) {
        mine.add(letter);
      } else if (stream == null || letter.refusable() || !open) {
        actor.notOwner(letter.message());
      } else {
        waiting.add(letter);
      }
    }
    return mine;
  }

  private boolean load(Lease lease) {
    Optional<Stream> stream = connection.read(lease);
    if (stream.isEmpty()) {
      return false;
    }
    actor.takeOver(connection.open(), stream.get());
    streams.put(lease.address(), stream.get());
    return true;
  }

  /**
   * Fenced on a stream: memory of it is worthless. If the lease is still ours, begin anew under a
   * higher epoch.
   */
  private void regain(String name) {
    Stream stream = streams.get(name);
    if (stream == null) {
      return;
    }
    actor.forget(name);
    streams.remove(name);
    if (!node.leases().raise(stream.lease())) {
      lost(stream);
      return;
    }
    for (int attempt = 1; open; attempt++) {
      try {
        if (!load(stream.lease())) {
          lost(stream);
        }
        return;
      } catch (RuntimeException away) {
        LOG.warn("lane {}: reading {} again: {}", this.name, name, away.toString());
        connection.discard();
        actor.forget(name);
        pause(attempt);
      }
    }
  }

  private void reload(String name) {
    try {
      regain(name);
    } catch (RuntimeException defect) {
      LOG.error("lane {}: {} cannot be read, giving it up", this.name, name, defect);
      Stream stream = streams.get(name);
      if (stream != null) {
        lost(stream);
      }
    }
  }

  private Optional<Stream> readPatiently(Lease lease) {
    for (int attempt = 1; open; attempt++) {
      try {
        return connection.read(lease);
      } catch (RuntimeException away) {
        connection.discard();
        pause(attempt);
      }
    }
    return Optional.empty();
  }

  private void lost(Stream stream) {
    forget(stream.name());
    node.leases().noticeLost(stream.lease());
  }

  private void forget(String stream) {
    streams.remove(stream);
    actor.forget(stream);
  }

  private Stream streamNamed(String stream) {
    Stream known = streams.get(stream);
    if (known == null) {
      throw new IllegalStateException("not a stream of lane " + name + ": " + stream);
    }
    return known;
  }

  private void pause(int failures) {
    long cap = Math.min(BACKOFF_MAX.toNanos(), BACKOFF_FIRST.toNanos() << Math.min(failures, 10));
    LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(cap / 2, cap));
  }
}
