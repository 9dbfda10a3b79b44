package dev.ducat.saga.connector;

import com.google.protobuf.Duration;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.connector.v1.Declined;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.connector.v1.NotFound;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.Retryable;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.type.v1.Money;
import dev.ducat.saga.connector.JournalEntry.Kind;
import dev.ducat.saga.connector.JournalEntry.Result;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PSP that does as the payment method tells it, and keeps a journal of what it did. Each effect
 * is on disk before it is answered: after any crash the journal is what "the PSP really did".
 *
 * <p>One writer thread takes all operations that wait, decides and journals them together with one
 * fsync. Methods: {@code sim_ok}, {@code sim_decline_authorize}, {@code sim_insufficient_funds},
 * {@code sim_decline_capture}, {@code sim_error_N}, {@code sim_slow_MS}, {@code
 * sim_timeout_authorize}, {@code sim_timeout_capture}, {@code sim_wrong_amount}.
 */
public final class SimulatorConnector implements Connector {
  public static final String NAME = "simulator";

  private static final Logger LOG = LoggerFactory.getLogger(SimulatorConnector.class);
  private static final int BATCH_MAX = 1_000;

  private record Waiting(ConnectorCall call, Promise<OperationResult> answer) {}

  private final Vertx vertx;
  private final Clock clock;
  private final SimulatorBooks books = new SimulatorBooks();
  private final SimulatorFile file;
  private final LinkedBlockingQueue<Waiting> queue = new LinkedBlockingQueue<>();
  private final Thread writer;
  private final Promise<Void> closed = Promise.promise();
  private volatile boolean open = true;

  private SimulatorConnector(Vertx vertx, Clock clock, SimulatorFile file) {
    this.vertx = vertx;
    this.clock = clock;
    this.file = file;
    this.writer = Thread.ofPlatform().daemon().name("simulator-journal").unstarted(this::run);
  }

  /**
   * Starts a simulator on a journal, which others may use at the same time. Blocks for the file to
   * open.
   *
   * @throws IOException when the journal cannot be opened
   */
  public static SimulatorConnector start(Vertx vertx, Clock clock, Path journal)
      throws IOException {
    SimulatorBooks[] books = new SimulatorBooks[1];
    SimulatorConnector simulator =
        new SimulatorConnector(
            vertx, clock, new SimulatorFile(journal, entry -> books[0].apply(entry)));
    books[0] = simulator.books;
    simulator.writer.start();
    return simulator;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Future<OperationResult> call(ConnectorCall call) {
    Promise<OperationResult> answer = Promise.promise();
    Waiting waiting = new Waiting(call, answer);
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
        batch.add(queue.take());
        queue.drainTo(batch, BATCH_MAX - 1);
        runOnce(batch);
      } catch (InterruptedException ending) {
        LOG.debug("the simulator ends");
      } catch (IOException | RuntimeException broken) {
        LOG.error("the simulator's journal cannot be written", broken);
        books.clear();
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

  private void runOnce(List<Waiting> batch) throws IOException {
    List<@Nullable OperationResult> answers = new ArrayList<>(batch.size());
    file.exclusively(
        () -> {
          List<JournalEntry> added = new ArrayList<>();
          for (Waiting waiting : batch) {
            JournalEntry entry = SimulatorRules.decide(books, waiting.call, clock.now());
            if (entry != null) {
              books.apply(entry);
              added.add(entry);
            }
            answers.add(answer(waiting.call, entry));
          }
          return added;
        });
    for (int i = 0; i < batch.size(); i++) {
      OperationResult answer = answers.get(i);
      if (answer != null) {
        batch.get(i).answer.complete(answer);
      } // else the simulated PSP stays silent, and the caller's deadline ends the wait.
    }
  }

  private @Nullable OperationResult answer(ConnectorCall call, @Nullable JournalEntry added) {
    String key = keyOf(call);
    JournalEntry entry = added == null ? books.finished(key) : added;
    OperationResult.Builder answer =
        OperationResult.newBuilder().setOperationKey(key).setKind(kindOf(call));
    if (entry == null) {
      return answer.setNotFound(NotFound.getDefaultInstance()).build();
    }
    SimulatorMethod method = methodOf(call);
    if (added != null
        && added.result() == Result.DONE
        && method instanceof SimulatorMethod.Silent silent
        && silent.kind() == added.kind()) {
      return null;
    }
    return switch (entry.result()) {
      case DONE, TOMBSTONE -> answer.setDone(done(entry, method)).build();
      case DECLINED ->
          answer
              .setDeclined(
                  Declined.newBuilder()
                      .setReasonCode(entry.detail())
                      .setMessage(messageOf(entry, method)))
              .build();
      case RETRYABLE ->
          answer
              .setRetryable(
                  Retryable.newBuilder()
                      .setMessage("a simulated error")
                      .setRetryAfter(Duration.getDefaultInstance()))
              .build();
    };
  }

  private static Done done(JournalEntry entry, @Nullable SimulatorMethod method) {
    boolean wrong = entry.kind() == Kind.AUTHORIZE && method instanceof SimulatorMethod.WrongAmount;
    Instant time = entry.time();
    return Done.newBuilder()
        .setConnectorReference(SimulatorBooks.reference(entry.kind(), entry.operationKey()))
        .setAmount(
            Money.newBuilder()
                .setCurrencyCode(entry.currency())
                .setMinorUnits(entry.amount() + (wrong ? 1 : 0)))
        .setTime(
            com.google.protobuf.Timestamp.newBuilder()
                .setSeconds(time.getEpochSecond())
                .setNanos(time.getNano()))
        .build();
  }

  private static String messageOf(JournalEntry entry, @Nullable SimulatorMethod method) {
    return method instanceof SimulatorMethod.DeclineAuthorize declined
            && declined.reason().equals(entry.detail())
        ? declined.message()
        : "declined by the simulator: " + entry.detail();
  }

  private static @Nullable SimulatorMethod methodOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> SimulatorMethod.parse(call.getAuthorize().getPaymentMethod());
      case CAPTURE -> SimulatorMethod.parse(call.getCapture().getPaymentMethod());
      case VOID, REFUND, GET_OPERATION, CALL_NOT_SET -> null;
    };
  }

  private static String keyOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> call.getAuthorize().getOperationKey();
      case CAPTURE -> call.getCapture().getOperationKey();
      case VOID -> call.getVoid().getOperationKey();
      case REFUND -> call.getRefund().getOperationKey();
      case GET_OPERATION -> call.getGetOperation().getOperationKey();
      case CALL_NOT_SET -> throw new IllegalArgumentException("a call without operation");
    };
  }

  private static OperationKind kindOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> OperationKind.OPERATION_KIND_AUTHORIZE;
      case CAPTURE -> OperationKind.OPERATION_KIND_CAPTURE;
      case VOID -> OperationKind.OPERATION_KIND_VOID;
      case REFUND -> OperationKind.OPERATION_KIND_REFUND;
      case GET_OPERATION -> call.getGetOperation().getKind();
      case CALL_NOT_SET -> throw new IllegalArgumentException("a call without operation");
    };
  }
}
