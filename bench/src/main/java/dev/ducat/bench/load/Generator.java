package dev.ducat.bench.load;

import dev.ducat.kernel.time.Clock;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Sends the calls of one plan and keeps the books about them. Lives on one event loop. */
final class Generator implements GrpcConnection.Listener {
  /** Latencies above are counted as this much. */
  static final long LATENCY_MAX_MICROS = TimeUnit.SECONDS.toMicros(60);

  static final int DIGITS = 3;

  private static final int STATUSES = GrpcConnection.BROKEN + 1;
  private static final int OUTCOMES = 128;

  /** Longer than any call may last. */
  private static final Duration ANSWERS_MAX = Duration.ofSeconds(20);

  /** How often an open loop looks at the clock: a call leaves this late at worst. */
  private static final long TICK_NANOS = 500_000;

  private final LoadPlan plan;
  private final Requests requests;
  private final Clock clock;
  private final EventLoop loop;
  private final Consumer<Progress> progress;
  private final CountDownLatch done = new CountDownLatch(1);
  private final List<GrpcConnection> open = new ArrayList<>();
  private final Histogram latency = new Histogram(LATENCY_MAX_MICROS, DIGITS);
  private final Histogram refusal = new Histogram(LATENCY_MAX_MICROS, DIGITS);
  private final Histogram recent = new Histogram(LATENCY_MAX_MICROS, DIGITS);
  private final long[] statuses = new long[STATUSES];
  private final long[] outcomes = new long[OUTCOMES];

  private long begin;
  private long clockFrom;
  private long clockFromEpochMicros;
  private long sendUntil;
  private long lastAnswer;
  private long sent;
  private long ended;
  private long good;
  private long goodCalls;
  private long unanswered;
  private long shownAt;
  private long shownGood;
  private long shownBad;
  private int turn;
  private boolean sending;
  private volatile boolean tickQueued;
  private Duration cpuBefore = Duration.ZERO;
  private String trouble = "";

  Generator(LoadPlan plan, Clock clock, EventLoop loop, Consumer<Progress> progress) {
    this.plan = plan;
    this.requests = Requests.of(plan.workload(), plan.run());
    this.clock = clock;
    this.loop = loop;
    this.progress = progress;
  }

  Requests requests() {
    return requests;
  }

  @Override
  public void opened(GrpcConnection connection) {
    open.add(connection);
    if (open.size() == plan.connections()) {
      start();
    }
  }

  private void start() {
    begin = clock.monotonicNanos();
    clockFrom = begin + plan.bounds().warmUp().toNanos();
    sendUntil = clockFrom + plan.bounds().measured().toNanos();
    clockFromEpochMicros =
        Epoch.micros(clock.now()) + TimeUnit.NANOSECONDS.toMicros(clockFrom - begin);
    shownAt = begin;
    sending = true;
    later(plan.bounds().warmUp(), () -> cpuBefore = cpu());
    var unused = loop.scheduleAtFixedRate(this::show, 1, 1, TimeUnit.SECONDS);
    switch (plan.pace()) {
      case Pace.ClosedLoop closed -> {
        for (int i = 0; i < closed.inFlight(); i++) {
          GrpcConnection connection = open.get(i % open.size());
          connection.owe();
          room(connection);
        }
        open.forEach(GrpcConnection::flush);
        later(Duration.ofNanos(sendUntil - begin), this::stopSending);
      }
      case Pace.OpenLoop scheduled ->
          Thread.ofPlatform().daemon().name("pace").start(this::tickUntilOver);
    }
  }

  // On a thread of its own, because the event loop's timers are a millisecond coarse.
  private void tickUntilOver() {
    while (done.getCount() > 0) {
      LockSupport.parkNanos(TICK_NANOS);
      if (!tickQueued) {
        tickQueued = true;
        loop.execute(this::tick);
      }
    }
  }

  private void tick() {
    tickQueued = false;
    if (!sending || !(plan.pace() instanceof Pace.OpenLoop scheduled)) {
      return;
    }
    long now = clock.monotonicNanos();
    double nanosBetween = 1e9 / scheduled.perSecond();
    long due = begin + (long) (sent * nanosBetween);
    while (due <= now && due < sendUntil) {
      GrpcConnection connection = nextWithRoom();
      if (connection == null) {
        // What is late leaves later, and its latency says so.
        break;
      }
      connection.call(sent++, due);
      due = begin + (long) (sent * nanosBetween);
    }
    open.forEach(GrpcConnection::flush);
    if (due >= sendUntil) {
      stopSending();
    } else if (now > sendUntil + ANSWERS_MAX.toNanos()) {
      trouble = "the server let calls in too slowly";
      stopSending();
    }
  }

  private @Nullable GrpcConnection nextWithRoom() {
    for (int tried = 0; tried < open.size(); tried++) {
      GrpcConnection connection = open.get(turn);
      turn = turn + 1 == open.size() ? 0 : turn + 1;
      if (connection.hasRoom()) {
        return connection;
      }
    }
    return null;
  }

  @Override
  public void ended(GrpcConnection connection, long due, int status, int outcome) {
    ended++;
    long now = clock.monotonicNanos();
    boolean isGood = status == 0 && requests.isGood(outcome);
    goodCalls += isGood ? 1 : 0;
    boolean scheduled = plan.pace() instanceof Pace.OpenLoop;
    if ((scheduled ? due : now) - clockFrom >= 0) {
      lastAnswer = now;
      statuses[status]++;
      long micros = Math.min(TimeUnit.NANOSECONDS.toMicros(now - due), LATENCY_MAX_MICROS);
      if (status == 0) {
        outcomes[outcome]++;
      } else if (status == LoadResult.REFUSED) {
        refusal.recordValue(micros);
      }
      if (isGood) {
        good++;
        latency.recordValue(micros);
        recent.recordValue(micros);
      }
    }
    if (!scheduled) {
      connection.owe();
      room(connection);
    }
    if (good >= plan.bounds().countMax()) {
      stopSending();
    }
    endWhenAllAnswered();
  }

  @Override
  public void room(GrpcConnection connection) {
    while (sending && connection.pay()) {
      connection.call(sent++, clock.monotonicNanos());
    }
  }

  @Override
  public void lost(GrpcConnection connection, int lostCalls, String why) {
    open.remove(connection);
    ended += lostCalls;
    unanswered += lostCalls;
    trouble = why;
    if (open.isEmpty()) {
      stopSending();
    }
    endWhenAllAnswered();
  }

  private void stopSending() {
    if (sending) {
      sending = false;
      later(
          ANSWERS_MAX,
          () -> {
            unanswered += sent - ended;
            done.countDown();
          });
    }
    endWhenAllAnswered();
  }

  private static Duration cpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  private void later(Duration delay, Runnable work) {
    var unused = loop.schedule(work, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void endWhenAllAnswered() {
    if (!sending && begin != 0 && ended == sent) {
      done.countDown();
    }
  }

  private void show() {
    long now = clock.monotonicNanos();
    long bad = ended - good;
    progress.accept(
        new Progress(
            (now - begin) / 1e9,
            (good - shownGood) * plan.workload().operationsPerCall() * 1e9 / (now - shownAt),
            recent.getValueAtPercentile(50),
            recent.getValueAtPercentile(99),
            now < clockFrom ? 0 : bad - shownBad,
            sent - ended));
    recent.reset();
    shownAt = now;
    shownGood = good;
    shownBad = bad;
  }

  /** Waits until every call has its answer or none is to be expected, and gives the account. */
  LoadResult await() throws InterruptedException {
    Duration longest =
        plan.bounds().warmUp().plus(plan.bounds().measured()).plus(ANSWERS_MAX.multipliedBy(3));
    boolean ended = done.await(longest.toMillis(), TimeUnit.MILLISECONDS);
    if (!ended) {
      trouble = "no end within " + longest;
    }
    return new LoadResult(
        good * plan.workload().operationsPerCall(),
        Duration.ofNanos(Math.max(1, lastAnswer - clockFrom)),
        clockFromEpochMicros,
        sent,
        goodCalls,
        cpu().minus(cpuBefore),
        Arrays.stream(statuses).boxed().toList(),
        Arrays.stream(outcomes).boxed().toList(),
        unanswered,
        trouble,
        latency,
        refusal);
  }
}
