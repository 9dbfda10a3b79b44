package dev.ducat.saga.connector;

import com.google.protobuf.Timestamp;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.connector.v1.Capabilities;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.SettlementMode;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.saga.connector.JournalEntry.Result;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PSP that does as the payment method tells it, and keeps a journal of what it did. Each effect
 * is on disk before it is answered: after any crash the journal is what "the PSP really did".
 *
 * <p>One writer thread takes all operations that wait, decides and journals them together with one
 * fsync. The methods are those of {@link SimulatorMethod}, named in {@code docs/connectors.md}.
 */
public final class SimulatorConnector implements Connector {
  public static final String NAME = "simulator";

  private static final Logger LOG = LoggerFactory.getLogger(SimulatorConnector.class);
  private static final int BATCH_MAX = 1_000;
  private static final Duration IDLE_MAX = Duration.ofHours(1);

  /**
   * What the simulated PSP tells by itself, because it was decided later than it was asked.
   *
   * @param tenant whose payment it is
   */
  public record Report(String tenant, String paymentId, OperationResult result) {}

  /**
   * A call that waits for its turn.
   *
   * @param arrived whether it has been under way long enough
   */
  private record Waiting(ConnectorCall call, Promise<OperationResult> answer, boolean arrived) {}

  private record Due(Instant time, String key) {}

  private final Vertx vertx;
  private final Clock clock;
  private final SimulatorFile file;
  private final SimulatorBooks books;
  private final Consumer<Report> reports;
  private final LinkedBlockingQueue<Waiting> queue = new LinkedBlockingQueue<>();

  /** Pending operations by the time they are decided; those decided earlier are passed over. */
  private final PriorityQueue<Due> pending = new PriorityQueue<>(Comparator.comparing(Due::time));

  private final Thread writer;
  private final Promise<Void> closed = Promise.promise();
  private volatile boolean open = true;

  private SimulatorConnector(
      Vertx vertx, Clock clock, SimulatorFile file, Consumer<Report> reports) {
    this.vertx = vertx;
    this.clock = clock;
    this.file = file;
    this.books = new SimulatorBooks(file::at);
    this.reports = reports;
    this.writer = Thread.ofPlatform().daemon().name("simulator-journal").unstarted(this::run);
  }

  /**
   * Starts a simulator on a journal, which others may use at the same time. Blocks until the
   * journal is read.
   *
   * @throws IOException when the journal cannot be opened
   */
  public static SimulatorConnector start(Vertx vertx, Clock clock, Path journal)
      throws IOException {
    return start(vertx, clock, journal, report -> {});
  }

  /**
   * As {@link #start(Vertx, Clock, Path)}.
   *
   * @param reports gets what this instance decides later than it was asked, once it is on disk
   */
  public static SimulatorConnector start(
      Vertx vertx, Clock clock, Path journal, Consumer<Report> reports) throws IOException {
    SimulatorConnector simulator =
        new SimulatorConnector(vertx, clock, new SimulatorFile(journal), reports);
    simulator.runOnce(List.of());
    simulator.writer.start();
    return simulator;
  }

  /** What the simulated PSP promises as a {@code ConnectorService}; it keeps more. */
  public static Capabilities capabilities() {
    return Capabilities.newBuilder()
        .setConnector(NAME)
        .setPartialCapture(true)
        .setMultipleCaptures(true)
        .setPartialRefund(true)
        .setTombstonesVoid(true)
        .setSettlementMode(SettlementMode.SETTLEMENT_MODE_IMMEDIATE)
        .setQuarantine(seconds(Duration.ofSeconds(1)))
        .setIdempotencyWindow(seconds(Duration.ofDays(90)))
        .setAuthorizationLifetime(seconds(Duration.ofDays(90)))
        .build();
  }

  private static com.google.protobuf.Duration seconds(Duration duration) {
    return com.google.protobuf.Duration.newBuilder().setSeconds(duration.toSeconds()).build();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Future<OperationResult> call(ConnectorCall call) {
    Promise<OperationResult> answer = Promise.promise();
    Waiting waiting = new Waiting(call, answer, false);
    if (methodOf(call) instanceof SimulatorMethod.Slow slow && slow.delayMs() > 0) {
      vertx.setTimer(slow.delayMs(), now -> queue.add(waiting));
    } else {
      queue.add(waiting);
    }
    return answer.future();
  }

  @Override
  public Future<Void> close() {
    open = false;
    writer.interrupt();
    return closed.future();
  }

  private void run() {
    List<Waiting> batch = new ArrayList<>();
    while (open) {
      try {
        batch.clear();
        Waiting first = queue.poll(untilNextDue().toNanos(), TimeUnit.NANOSECONDS);
        if (first != null) {
          batch.add(first);
          queue.drainTo(batch, BATCH_MAX - 1);
        }
        runOnce(batch);
      } catch (InterruptedException ending) {
        LOG.debug("the simulator ends");
      } catch (IOException | RuntimeException broken) {
        LOG.error("the simulator's journal cannot be written", broken);
        books.clear();
        pending.clear();
        file.rewind();
        batch.forEach(waiting -> waiting.answer.tryFail(broken));
      }
    }
    try {
      file.close();
    } catch (IOException ignored) {
      LOG.debug("closing the simulator's journal", ignored);
    }
    closed.complete();
  }

  private Duration untilNextDue() {
    Due next = pending.peek();
    if (next == null) {
      return IDLE_MAX;
    }
    Duration left = Duration.between(clock.now(), next.time());
    return left.isNegative() ? Duration.ZERO : left.compareTo(IDLE_MAX) < 0 ? left : IDLE_MAX;
  }

  private void runOnce(List<Waiting> batch) throws IOException {
    List<Runnable> afterwards = new ArrayList<>(batch.size());
    file.exclusively(
        this::read,
        () -> {
          List<JournalLine> added = new ArrayList<>();
          SimulatorRules rules = new SimulatorRules(books, clock.now(), added::add);
          decideDue(rules);
          for (JournalLine decided : added) {
            report(decided, afterwards);
          }
          for (Waiting waiting : batch) {
            take(waiting, rules, added, afterwards);
          }
          return added;
        });
    afterwards.forEach(Runnable::run);
  }

  private void read(JournalLine line, long position) {
    books.written(line, position);
    if (line.due() != null) {
      pending.add(new Due(line.due(), line.entry().operationKey()));
    }
  }

  private void decideDue(SimulatorRules rules) {
    Instant now = clock.now();
    Due next = pending.peek();
    while (next != null && !next.time().isAfter(now)) {
      pending.remove();
      rules.decidePending(next.key());
      next = pending.peek();
    }
  }

  private void report(JournalLine decided, List<Runnable> afterwards) {
    Report report =
        new Report(
            decided.tenant(), decided.entry().paymentId(), SimulatorAnswers.of(decided.entry()));
    afterwards.add(() -> reports.accept(report));
  }

  private void take(
      Waiting waiting, SimulatorRules rules, List<JournalLine> added, List<Runnable> afterwards) {
    ConnectorCall call = waiting.call;
    SimulatorMethod method = methodOf(call);
    String key = ConnectorCalls.keyOf(call);
    if (call.hasAuthorize()
        && method instanceof SimulatorMethod.Late late
        && !waiting.arrived
        && books.operation(key) == null) {
      arriveLater(waiting, late);
      return;
    }
    int before = added.size();
    rules.take(call);
    JournalLine line = books.operation(key);
    Promise<OperationResult> answer = waiting.answer;
    if (line == null) {
      OperationResult unknown = SimulatorAnswers.notFound(key, ConnectorCalls.kindOf(call));
      afterwards.add(() -> answer.complete(unknown));
    } else if (line.entry().detail().equals(SimulatorRules.UNANSWERED)) {
      if (call.hasGetOperation()) {
        afterwards.add(() -> answer.fail(new BusException(BusFailure.UNAVAILABLE, "no word")));
      }
    } else if (!isSilent(method, line.entry(), added.size() > before)) {
      OperationResult truth = SimulatorAnswers.of(line.entry());
      boolean lies = call.hasAuthorize() && method instanceof SimulatorMethod.WrongAmount;
      OperationResult known = lies ? SimulatorAnswers.withWrongAmount(truth) : truth;
      afterwards.add(() -> answer.complete(known));
    } // else the simulated PSP stays silent, and the caller's deadline ends the wait.
  }

  private static boolean isSilent(
      @Nullable SimulatorMethod method, JournalEntry entry, boolean isNew) {
    return isNew
        && entry.result() == Result.DONE
        && method instanceof SimulatorMethod.Silent silent
        && silent.kind() == entry.kind();
  }

  /** The caller will have given up by then, and hears nothing. */
  private void arriveLater(Waiting waiting, SimulatorMethod.Late late) {
    Timestamp deadline = ConnectorCalls.deadlineOf(waiting.call);
    Duration left =
        Duration.between(
            clock.now(), Instant.ofEpochSecond(deadline.getSeconds(), deadline.getNanos()));
    long delayMs = Math.max(0, left.toMillis()) + late.afterMs();
    Waiting arriving = new Waiting(waiting.call, Promise.promise(), true);
    vertx.setTimer(Math.max(1, delayMs), now -> queue.add(arriving));
  }

  private static @Nullable SimulatorMethod methodOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> SimulatorMethod.parse(call.getAuthorize().getPaymentMethod());
      case CAPTURE -> SimulatorMethod.parse(call.getCapture().getPaymentMethod());
      case VOID, REFUND, GET_OPERATION, CALL_NOT_SET -> null;
    };
  }
}
