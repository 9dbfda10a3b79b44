package dev.ducat.saga;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.crash.CrashPoint;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.lane.Lane;
import dev.ducat.kernel.lane.LaneActor;
import dev.ducat.kernel.lane.Plan;
import dev.ducat.kernel.lane.Stream;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.saga.PaymentBook.Live;
import dev.ducat.saga.PaymentLoadStore.Found;
import dev.ducat.saga.PaymentLoadStore.Known;
import dev.ducat.saga.PaymentLoadStore.Loaded;
import dev.ducat.saga.PaymentMessage.Asking;
import dev.ducat.saga.PaymentMessage.Attend;
import dev.ducat.saga.PaymentMessage.Create;
import dev.ducat.saga.PaymentMessage.Due;
import dev.ducat.saga.PaymentMessage.Nudge;
import dev.ducat.saga.PaymentMessage.Operate;
import dev.ducat.saga.PaymentMessage.Report;
import dev.ducat.saga.PaymentMessage.Returned;
import dev.ducat.saga.PaymentMessage.Scan;
import dev.ducat.saga.PaymentMessage.WaitOver;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The actor that runs the sagas of some shards. Everything it knows is as committed; what a batch
 * changes becomes memory, answers and actions only after the batch's commit.
 */
final class PaymentLane implements LaneActor<PaymentMessage> {
  private static final Logger LOG = LoggerFactory.getLogger(PaymentLane.class);

  private static final String UNIQUE_VIOLATION = "23505";

  private final Node node;
  private final Vertx vertx;
  private final Context context;
  private final SagaSettings settings;
  private final PaymentSaga sagas;
  private final PaymentEvents events;
  private final Actions actions;
  private final SagaMetrics metrics;
  private final Lane<PaymentMessage> lane;
  private final PaymentBook book = new PaymentBook();
  private final Map<String, ShardUnit> units = new ConcurrentHashMap<>();
  private final Rarely nudged = new Rarely(Nudges.EVERY);

  /** What the last load found for the batch in hand. */
  private Map<PaymentBook.Key, Known> found = Map.of();

  private Map<PaymentBook.Key, Found> operated = Map.of();

  private Map<UUID, Loaded> reports = Map.of();

  private Map<UUID, Loaded> settling = Map.of();

  private List<Loaded> overdue = List.of();

  private Map<Limits.Window, Long> used = Map.of();

  PaymentLane(
      String name,
      Node node,
      Vertx vertx,
      Context context,
      SagaSettings settings,
      PaymentSaga sagas) {
    this.node = node;
    this.vertx = vertx;
    this.context = context;
    this.settings = settings;
    this.sagas = sagas;
    this.events = new PaymentEvents(node.ids());
    this.actions = new Actions(node, vertx);
    this.metrics =
        new SagaMetrics(
            node.meters(), name, book::unfinished, () -> book.oldestSeconds(node.clock().now()));
    this.lane = new Lane<>(name, node, vertx, settings.lane(), this);
  }

  void start() {
    lane.start();
  }

  Future<Void> stop() {
    return lane.stop();
  }

  // ---- from other threads

  Future<Void> takeOver(ShardUnit unit) {
    units.put(unit.stream(), unit);
    return lane.takeOver(unit.lease());
  }

  Future<Void> drop(ShardUnit unit) {
    unit.drop();
    return lane.drop(unit.lease()).onComplete(dropped -> units.remove(unit.stream(), unit));
  }

  /** New work, unless there is too much already. */
  boolean offer(Asking asking) {
    if (book.moving() >= settings.inFlightMax()) {
      return false;
    }
    asking.unit().begin();
    if (lane.offer(asking)) {
      return true;
    }
    asking.unit().end();
    return false;
  }

  void report(Report report) {
    report.unit().begin();
    lane.put(report);
  }

  void attend(Attend attend) {
    attend.unit().begin();
    lane.put(attend);
  }

  void waitOver(Asking asking) {
    lane.put(new WaitOver(asking));
  }

  /** Dropped where it comes too often: nodes that serve reads do not know of each other. */
  void nudge(ShardUnit unit, UUID sagaId) {
    if (nudged.may(sagaId, node.clock().monotonicNanos())) {
      lane.put(new Nudge(unit, sagaId));
    }
  }

  void scan(ShardUnit unit) {
    lane.put(new Scan(unit));
  }

  // ---- the lane's thread

  @Override
  public String streamOf(PaymentMessage message) {
    return message.unit().stream();
  }

  @Override
  public void takeOver(SqlConnection connection, Stream stream) {
    Lease lease = stream.lease();
    ShardUnit unit = units.get(stream.name());
    if (unit == null || unit.lease() != lease) {
      throw new IllegalStateException("no unit for " + lease);
    }
    Instant now = node.clock().now();
    List<Loaded> unfinished =
        PaymentLoadStore.unfinished(
            connection,
            List.of(unit.shard()),
            now.plus(settings.horizon()),
            PaymentLoadStore.ANY_TIME);
    for (Loaded loaded : unfinished) {
      if (!isKnown(loaded)) {
        // Begun between the look at what the shard needs and the claim: it is given back.
        throw new IllegalStateException(lease + " needs a newer version of the definition");
      }
    }
    if (!unfinished.isEmpty()) {
      LOG.info("{}: going on with {} unfinished sagas", lease, unfinished.size());
    }
    unfinished.forEach(loaded -> remember(unit, loaded, now));
  }

  @Override
  public void forget(String stream) {
    book.forget(stream).forEach(waiter -> refuse(waiter, BusFailure.NOT_OWNER, stream + " moves"));
  }

  @Override
  public void load(SqlConnection connection, List<PaymentMessage> batch) {
    Set<PaymentBook.Key> unknown = new LinkedHashSet<>();
    Map<PaymentBook.Key, Operate> operations = new LinkedHashMap<>();
    Set<UUID> reported = new LinkedHashSet<>();
    Set<UUID> settled = new LinkedHashSet<>();
    Set<Integer> scanned = new LinkedHashSet<>();
    for (PaymentMessage message : batch) {
      if (message instanceof Report report && ReportRules.isSettlement(report)) {
        PaymentId.parse(report.request().getReport().getPaymentId())
            .ifPresent(id -> settled.add(id.uuid()));
      }
      switch (message) {
        case Create create when !book.knows(create.key()) -> unknown.add(create.key());
        case Operate operate when !book.knows(operate.key()) ->
            operations.put(operate.key(), operate);
        case Report report when !book.knows(report.sagaId()) -> {
          reported.add(report.sagaId());
          reported.add(Reclaims.idOfReported(report.sagaId()));
        }
        case Attend attend when !book.knows(attend.sagaId()) -> reported.add(attend.sagaId());
        case Scan scan -> scanned.add(scan.unit().shard());
        default -> {}
      }
    }
    found = new HashMap<>();
    if (!unknown.isEmpty()) {
      List<String> tenants = unknown.stream().map(PaymentBook.Key::tenant).toList();
      List<String> keys = unknown.stream().map(PaymentBook.Key::key).toList();
      for (Known known : PaymentLoadStore.byKeys(connection, tenants, keys)) {
        found.put(PaymentBook.Key.ofCreate(known.tenant(), known.key()), known);
      }
    }
    reports = reported.isEmpty() ? Map.of() : PaymentLoadStore.bySagas(connection, reported);
    settling = settled.isEmpty() ? Map.of() : PaymentLoadStore.settling(connection, settled);
    operated =
        operations.isEmpty()
            ? Map.of()
            : PaymentLoadStore.operations(connection, operations.values());
    Instant now = node.clock().now();
    overdue =
        scanned.isEmpty()
            ? List.of()
            : PaymentLoadStore.unfinished(
                    connection, scanned, now, now.minus(settings.scan().dividedBy(2)))
                .stream()
                .filter(this::isForgotten)
                .toList();
    if (!settings.limits().velocities().isEmpty()) {
      loadVelocity(connection, batch, now);
      if (!scanned.isEmpty()) {
        VelocityStore.sweep(connection, now);
      }
    }
  }

  /**
   * Judged before the batch: what it ends is no longer in memory after it, and yet not forgotten.
   */
  private boolean isForgotten(Loaded loaded) {
    UUID id = loaded.saga().claim().sagaId();
    return !book.knows(id) && !reports.containsKey(id);
  }

  /** Read for each batch, because other lanes count in the same windows. */
  private void loadVelocity(SqlConnection connection, List<PaymentMessage> batch, Instant now) {
    Set<Limits.Window> windows = new HashSet<>();
    for (PaymentMessage message : batch) {
      if (message instanceof Create create && !book.knows(create.key())) {
        windows.addAll(create.windows(settings.limits(), now).keySet());
      }
    }
    used = windows.isEmpty() ? Map.of() : VelocityStore.read(connection, windows);
  }

  @Override
  public Plan decide(List<PaymentMessage> batch) {
    PaymentBatch draft =
        new PaymentBatch(book, sagas, settings, node.ids(), node.clock().now(), used);
    int version = versionForAll();
    for (PaymentMessage message : batch) {
      switch (message) {
        // Offered under a lease that ended; the shard has come back since, but not its unit, for
        // which nothing would ever be done.
        case Asking asking when asking.unit().isDropped() -> notOwner(asking);
        case Create create -> draft.create(create, found.get(create.key()), version);
        case Operate operate -> draft.operate(operate, operated.get(operate.key()), version);
        case Report report when report.unit().isDropped() -> notOwner(report);
        case Report report ->
            draft.report(
                report,
                reports.get(report.sagaId()),
                settlingOf(report),
                reports.containsKey(Reclaims.idOfReported(report.sagaId())));
        case Attend attend when attend.unit().isDropped() -> notOwner(attend);
        case Attend attend -> draft.attend(attend, reports.get(attend.sagaId()), version);
        case Returned returned -> draft.returned(returned);
        case Due due -> draft.due(due);
        case Nudge nudge -> draft.nudge(nudge);
        case WaitOver over -> draft.waitOver(over.asking());
        case Scan scan -> {}
      }
    }
    Plan plan = draft.plan(events);
    List<Loaded> forgotten = overdue;
    plan.afterCommit(() -> committed(draft, forgotten));
    return plan;
  }

  private @Nullable Loaded settlingOf(Report report) {
    return PaymentId.parse(report.request().getReport().getPaymentId())
        .map(id -> settling.get(id.uuid()))
        .orElse(null);
  }

  /** The newest that every live node could go on with. */
  private int versionForAll() {
    return node.leases().versionsOfAll(UnitKind.PAYMENT_SHARD).stream()
        .max(Comparator.naturalOrder())
        .orElse(PaymentSaga.DEFINITION_VERSION);
  }

  @Override
  public Plan decideAlone(PaymentMessage culprit, String failure) {
    PaymentBatch draft =
        new PaymentBatch(book, sagas, settings, node.ids(), node.clock().now(), used);
    switch (culprit) {
      case Asking asking -> {
        Plan nothing = new Plan();
        // The unique index said no: somebody else has the key, who is found when the same is asked
        // again.
        BusFailure answer =
            failure.startsWith(UNIQUE_VIOLATION) ? BusFailure.UNAVAILABLE : BusFailure.INTERNAL;
        nothing.afterCommit(
            () -> {
              asking.unit().end();
              refuse(asking, answer, "the request could not be recorded");
            });
        return nothing;
      }
      case Report report -> {
        Plan nothing = new Plan();
        nothing.afterCommit(
            () -> {
              report.unit().end();
              report
                  .reply()
                  .tryFail(
                      new BusException(BusFailure.INTERNAL, "the report could not be recorded"));
            });
        return nothing;
      }
      case Attend attend -> {
        Plan nothing = new Plan();
        nothing.afterCommit(
            () -> {
              attend.unit().end();
              attend
                  .reply()
                  .tryFail(
                      new BusException(BusFailure.INTERNAL, "the decision could not be recorded"));
            });
        return nothing;
      }
      case Returned returned -> draft.park(returned, failure);
      case Due due -> {}
      case Nudge nudge -> {}
      case WaitOver over -> draft.waitOver(over.asking());
      case Scan scan -> {}
    }
    Plan plan = draft.plan(events);
    plan.afterCommit(() -> committed(draft, List.of()));
    return plan;
  }

  @Override
  public void notOwner(PaymentMessage message) {
    switch (message) {
      case Asking asking -> {
        asking.unit().end();
        refuse(asking, BusFailure.NOT_OWNER, asking.unit().stream() + " moved");
      }
      case Report report -> {
        report.unit().end();
        report
            .reply()
            .tryFail(new BusException(BusFailure.NOT_OWNER, report.unit().stream() + " moved"));
      }
      case Attend attend -> {
        attend.unit().end();
        attend
            .reply()
            .tryFail(new BusException(BusFailure.NOT_OWNER, attend.unit().stream() + " moved"));
      }
      case Returned returned -> {
        // Whoever owns it now asks the PSP what became of it: forgetting this costs time, not
        // money.
        returned.unit().end();
        LOG.debug("an outcome came too late: {}", returned);
      }
      case Due due -> {}
      case Nudge nudge -> {}
      case WaitOver over -> {}
      case Scan scan -> {}
    }
  }

  // ---- after the commit

  private void committed(PaymentBatch draft, List<Loaded> forgotten) {
    List<Live> changed = draft.changed();
    Instant now = node.clock().now();
    changed.forEach(live -> book.put(live, now.plus(settings.horizon())));
    draft.decisions().forEach(metrics::decided);
    draft.impatient().forEach(this::endWait);
    draft.registrations().forEach(registration -> register(registration, changed));
    changed.forEach(this::answerWaiters);
    draft.replies().forEach(reply -> reply.to().tryComplete(reply.answer()));
    List<Live> acting = new ArrayList<>(draft.due());
    changed.stream().filter(Live::actsNow).forEach(acting::add);
    if (!changed.isEmpty()) {
      CrashPoint.SAGA_INTENT_COMMITTED.reached();
    }
    act(acting);
    changed.forEach(this::armTimer);
    draft.doorbell().ifPresent(doorbell -> node.bus().publish("relay.doorbell", doorbell));
    draft.ended().forEach(ShardUnit::end);
    remember(forgotten);
  }

  private void register(PaymentBatch.Registration registration, List<Live> changed) {
    Asking asking = registration.asking();
    if (registration.replayed()) {
      asking.markReplayed();
      metrics.replayed();
    }
    Live live = book.find(registration.sagaId());
    if (live == null) {
      // It came to its end in the very batch that asked for it.
      live =
          changed.stream()
              .filter(c -> c.id().equals(registration.sagaId()))
              .findAny()
              .orElseThrow();
    }
    if (asking.isImpatient() || !live.saga().moves()) {
      answer(asking, live);
    } else {
      book.await(live.id(), asking);
    }
  }

  private void endWait(Asking asking) {
    asking.losePatience();
    Live live = book.takeWaiter(asking);
    if (live != null) {
      answer(asking, live);
    }
  }

  private void answerWaiters(Live live) {
    if (!live.saga().moves()) {
      book.takeWaiters(live.id()).forEach(waiter -> answer(waiter, live));
    }
  }

  private static void answer(Asking asking, Live live) {
    asking.reply().tryComplete(Answer.of(live, asking.isReplayed(), asking));
  }

  private static void refuse(Asking asking, BusFailure failure, String message) {
    asking.reply().tryFail(new BusException(failure, message));
  }

  private void remember(List<Loaded> forgotten) {
    Instant now = node.clock().now();
    for (Loaded loaded : forgotten) {
      Claim claim = loaded.saga().claim();
      ShardUnit unit = units.get(UnitKind.PAYMENT_SHARD.address(claim.shard()));
      if (unit != null && !unit.isDropped() && !book.knows(claim.sagaId()) && isKnown(loaded)) {
        LOG.info("going on with saga {}, which was due", claim.sagaText());
        remember(unit, loaded, now);
      }
    }
  }

  private boolean isKnown(Loaded loaded) {
    return node.leases().knows(UnitKind.PAYMENT_SHARD, loaded.saga().claim().definitionVersion());
  }

  private void remember(ShardUnit unit, Loaded loaded, Instant now) {
    Live live = new Live(unit, sagas.resume(loaded.saga(), now), loaded.standing());
    book.put(live, now.plus(settings.horizon()));
    if (live.actsNow()) {
      act(List.of(live));
    } else {
      armTimer(live);
    }
  }

  private void act(List<Live> acting) {
    if (acting.isEmpty()) {
      return;
    }
    acting.forEach(live -> live.unit().begin());
    context.runOnContext(now -> acting.forEach(this::act));
  }

  private void act(Live live) {
    Saga saga = live.saga();
    Instant started = node.clock().now();
    long nanos = node.clock().monotonicNanos();
    Future<Outcome> running;
    try {
      running = actions.run(live.unit(), saga, sagas.termsOf(saga));
    } catch (RuntimeException defect) {
      running = Future.failedFuture(defect);
    }
    running.onComplete(
        done -> {
          Duration took = Duration.ofNanos(node.clock().monotonicNanos() - nanos);
          metrics.acted(saga.step(), took);
          if (done.failed() && live.unit().isDropped()) {
            live.unit().end();
            return;
          }
          if (done.failed()) {
            LOG.error("the action of saga {} broke", saga.claim().sagaText(), done.cause());
          }
          Outcome outcome =
              done.succeeded()
                  ? done.result()
                  : new Outcome.Mismatch("the action broke: " + done.cause().getMessage());
          lane.put(
              new Returned(
                  live.unit(), saga.claim().sagaId(), saga.version(), outcome, started, took));
        });
  }

  private void armTimer(Live live) {
    Instant next = live.saga().nextAttemptAt();
    if (next == null || !live.isUnfinished() || !book.knows(live.id())) {
      return;
    }
    long delayMs = Math.max(1, Duration.between(node.clock().now(), next).toMillis());
    Due due = new Due(live.unit(), live.id(), live.saga().version());
    context.runOnContext(now -> vertx.setTimer(delayMs, timer -> lane.put(due)));
  }
}
