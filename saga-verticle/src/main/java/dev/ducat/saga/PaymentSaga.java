package dev.ducat.saga;

import static dev.ducat.saga.Effect.*;
import static dev.ducat.saga.Phase.*;
import static dev.ducat.saga.Signal.*;
import static dev.ducat.saga.Step.*;

import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The saga of a payment: one table from (step, phase, signal) to (step, phase, effects). Pure: what
 * it decides is committed before anything of it happens, and whatever is decided anew from the same
 * rows comes out the same.
 *
 * <p>Three rules shape the table. What may have happened is asked about ({@link Phase#ASK}) before
 * anything else is done, and never counts as failed. A refusal turns the saga back: what was done
 * is undone in reverse. Once the capture succeeded there is no way back, only forward.
 */
public final class PaymentSaga {
  /**
   * Stored with each saga. A change of meaning below needs a new number, and the old table kept
   * beside the new.
   */
  public static final int DEFINITION_VERSION = 1;

  /** A line of the table. */
  record Row(
      SagaKind kind,
      Step step,
      Phase phase,
      Signal signal,
      Step toStep,
      Phase toPhase,
      List<Effect> effects) {}

  private record From(Step step, Phase phase, Signal signal) {}

  static final List<Row> TABLE = table();

  private static final Map<From, Row> ROWS = index();

  private final SagaSettings settings;
  private final Consumer<Row> taken;

  public PaymentSaga(SagaSettings settings) {
    this(settings, row -> {});
  }

  /** With a listener that hears every row that is taken. */
  PaymentSaga(SagaSettings settings, Consumer<Row> taken) {
    this.settings = settings;
    this.taken = taken;
  }

  /** The first step, for a request whose key is new. */
  public Decision start(
      Claim claim, CreatePaymentRequest request, Instant now, RandomGenerator random) {
    Standing nothing = Validation.draft(claim, request, settings);
    Outcome.@Nullable Declined refused = Validation.check(nothing.payment(), settings);
    Saga saga =
        new Saga(claim, VALIDATE, ACT, 0, null, 0, Validation.data(nothing.payment(), settings));
    Outcome outcome = refused == null ? new Outcome.Done("", null) : refused;
    return take(saga, nothing, refused == null ? VALID : INVALID, outcome, now, random);
  }

  /** The step after an outcome. */
  public Decision decide(
      Saga saga, Standing standing, Outcome outcome, Instant now, RandomGenerator random) {
    return take(saga, standing, judge(saga, outcome, now), outcome, now, random);
  }

  /**
   * The smallest end for a saga whose outcome cannot be recorded: a person is told.
   *
   * @param why what went wrong
   */
  public Decision park(
      Saga saga, Standing standing, String why, Instant now, RandomGenerator random) {
    Row row =
        new Row(
            saga.claim().kind(),
            saga.step(),
            saga.phase(),
            MISMATCH,
            saga.step(),
            PARKED,
            List.of(PARK));
    return new Transition(row, saga, standing, new Outcome.Mismatch(why), settings, now, random)
        .run();
  }

  /**
   * A saga as read from the table by its new owner. A PSP call without outcome is in doubt: whoever
   * owned it may have sent it a moment ago, so quarantine counts from now. Everything else is
   * idempotent and simply done again.
   */
  public Saga resume(Saga saga, Instant now) {
    boolean inDoubt = saga.phase() == ACT && saga.data().getIntent().hasConnectorCall();
    if (!inDoubt && saga.phase() != ASK) {
      return saga;
    }
    ConnectorTerms terms = termsOf(saga);
    SagaData.Builder data =
        saga.data().toBuilder()
            .setProvenAfter(Times.toProto(now.plus(terms.deadline()).plus(terms.quarantine())));
    if (!data.hasUnknownSince()) {
      data.setUnknownSince(Times.toProto(now));
    }
    return new Saga(
        saga.claim(),
        saga.step(),
        ASK,
        saga.attempt(),
        saga.nextAttemptAt(),
        saga.version(),
        data.build());
  }

  /** The terms of the connector that a saga uses. */
  public ConnectorTerms termsOf(Saga saga) {
    ConnectorTerms terms = settings.connectors().get(saga.data().getConnector());
    // A connector that was taken out of the configuration: its payments still need patience.
    return terms == null ? ConnectorTerms.simulator() : terms;
  }

  private Decision take(
      Saga saga,
      Standing standing,
      Signal signal,
      Outcome outcome,
      Instant now,
      RandomGenerator random) {
    Row row = ROWS.get(new From(saga.step(), saga.phase(), signal));
    if (row == null) {
      throw new IllegalStateException(
          "no transition from %s/%s on %s".formatted(saga.step(), saga.phase(), signal));
    }
    taken.accept(row);
    return new Transition(row, saga, standing, outcome, settings, now, random).run();
  }

  private Signal judge(Saga saga, Outcome outcome, Instant now) {
    return switch (outcome) {
      case Outcome.Done done -> DONE;
      case Outcome.Settled settled -> SETTLED_TOO;
      case Outcome.Declined declined -> DECLINED;
      case Outcome.LedgerRefused refused -> LEDGER_REFUSED;
      case Outcome.Mismatch mismatch -> MISMATCH;
      case Outcome.NotSent notSent -> NOT_SENT;
      case Outcome.Pending pending -> orTooLong(saga, PENDING, now);
      case Outcome.Unknown unknown -> orTooLong(saga, UNKNOWN, now);
      case Outcome.NotFound notFound -> judgeAbsence(saga, now);
      case Outcome.Retryable retryable ->
          saga.phase().isUndoing()
              ? orTooLong(saga, RETRYABLE, now)
              : saga.attempt() >= settings.retry().attemptsMax() ? RETRIES_SPENT : RETRYABLE;
    };
  }

  private Signal judgeAbsence(Saga saga, Instant now) {
    SagaData data = saga.data();
    if (saga.phase() == AWAIT) {
      return NOT_FOUND;
    }
    if (saga.phase() != ASK) {
      return orTooLong(saga, UNKNOWN, now);
    }
    if (now.isBefore(Times.fromProto(data.getProvenAfter()))) {
      return NOT_FOUND;
    }
    ConnectorTerms terms = termsOf(saga);
    Duration window = terms.idempotencyWindow().minus(terms.windowMargin());
    return now.isBefore(Times.fromProto(data.getFirstSentTime()).plus(window))
        ? PROVEN_ABSENT
        : orTooLong(saga, NOT_FOUND, now);
  }

  private Signal orTooLong(Saga saga, Signal signal, Instant now) {
    SagaData data = saga.data();
    boolean tooLong =
        switch (saga.phase()) {
          // A PSP that answers "pending" is not unknown.
          case ASK ->
              signal != PENDING
                  && now.isAfter(
                      Times.fromProto(data.getUnknownSince()).plus(settings.retry().unknownMax()));
          case RELEASE, UNDO ->
              now.isAfter(Times.fromProto(data.getUndoSince()).plus(settings.retry().undoMax()));
          case ACT, AWAIT, PARKED, ENDED, UNDONE -> false;
        };
    return tooLong ? TOO_LONG : signal;
  }

  private interface Lines {
    void on(Step step, Phase phase, Signal signal, Step toStep, Phase toPhase, Effect... effects);
  }

  private static void define(Lines t) {
    t.on(VALIDATE, ACT, VALID, AUTHORIZE, ACT, CREATED, INTEND_AUTHORIZE);
    t.on(VALIDATE, ACT, INVALID, NOTIFY, ENDED, CREATED, NOTE_FAILURE, FAILED);

    for (Phase phase : List.of(ACT, ASK, AWAIT)) {
      t.on(AUTHORIZE, phase, DONE, CAPTURE, ACT, AUTHORIZED, INTEND_CAPTURE);
      t.on(AUTHORIZE, phase, DECLINED, AUTHORIZE, RELEASE, TURN_BACK, INTEND_RELEASE);
      t.on(AUTHORIZE, phase, RETRYABLE, AUTHORIZE, ACT, NOTE_ATTEMPT, AGAIN);
      t.on(AUTHORIZE, phase, RETRIES_SPENT, AUTHORIZE, RELEASE, TURN_BACK, INTEND_REVERSAL);

      // Nothing of the outside lies between capture and settle: three steps in one commit.
      t.on(CAPTURE, phase, SETTLED_TOO, NOTIFY, ENDED, CAPTURED, SETTLED, COMPLETED);
      t.on(CAPTURE, phase, DONE, SETTLE, ACT, CAPTURED, INTEND_SETTLE);
      t.on(CAPTURE, phase, DECLINED, AUTHORIZE, UNDO, TURN_BACK, INTEND_REVERSAL);
      t.on(CAPTURE, phase, RETRYABLE, CAPTURE, ACT, NOTE_ATTEMPT, AGAIN);
      t.on(CAPTURE, phase, RETRIES_SPENT, AUTHORIZE, UNDO, TURN_BACK, INTEND_REVERSAL);
    }
    // The hold comes before the PSP call, so its refusal ends the payment with nothing to undo.
    t.on(AUTHORIZE, ACT, LEDGER_REFUSED, NOTIFY, ENDED, TURN_BACK, FAILED);
    t.on(AUTHORIZE, ASK, LEDGER_REFUSED, NOTIFY, ENDED, TURN_BACK, FAILED);

    for (Step step : List.of(AUTHORIZE, CAPTURE)) {
      t.on(step, ACT, PENDING, step, AWAIT, NOTE_ATTEMPT, SHOW_ACTION, ASK_LATER);
      t.on(step, ACT, UNKNOWN, step, ASK, NOTE_ATTEMPT, DOUBT, ASK_LATER);
      t.on(step, ACT, NOT_SENT, step, ACT, SOON);
      t.on(step, ACT, MISMATCH, step, PARKED, NOTE_ATTEMPT, PARK);

      t.on(step, ASK, PENDING, step, AWAIT, SHOW_ACTION, ASK_LATER);
      t.on(step, ASK, UNKNOWN, step, ASK, ASK_LATER);
      t.on(step, ASK, NOT_FOUND, step, ASK, ASK_LATER);
      t.on(step, ASK, PROVEN_ABSENT, step, ACT, AGAIN_NOW);
      t.on(step, ASK, NOT_SENT, step, ASK, SOON);
      t.on(step, ASK, MISMATCH, step, PARKED, NOTE_ATTEMPT, PARK);
      t.on(step, ASK, TOO_LONG, step, PARKED, PARK);

      t.on(step, AWAIT, PENDING, step, AWAIT, SHOW_ACTION, ASK_LATER);
      t.on(step, AWAIT, UNKNOWN, step, AWAIT, ASK_LATER);
      t.on(step, AWAIT, NOT_FOUND, step, AWAIT, ASK_LATER);
      t.on(step, AWAIT, NOT_SENT, step, AWAIT, SOON);
      t.on(step, AWAIT, MISMATCH, step, PARKED, NOTE_ATTEMPT, PARK);
    }

    t.on(SETTLE, ACT, DONE, NOTIFY, ENDED, SETTLED, COMPLETED);
    t.on(SETTLE, ACT, MISMATCH, SETTLE, PARKED, NOTE_ATTEMPT, PARK);

    t.on(AUTHORIZE, RELEASE, DONE, NOTIFY, UNDONE, FAILED);
    t.on(AUTHORIZE, UNDO, DONE, NOTIFY, UNDONE, REVERSED, FAILED);
    for (Phase phase : List.of(RELEASE, UNDO)) {
      t.on(AUTHORIZE, phase, PENDING, AUTHORIZE, phase, UNDO_AGAIN);
      t.on(AUTHORIZE, phase, RETRYABLE, AUTHORIZE, phase, NOTE_ATTEMPT, UNDO_AGAIN);
      t.on(AUTHORIZE, phase, UNKNOWN, AUTHORIZE, phase, NOTE_ATTEMPT, UNDO_AGAIN);
      t.on(AUTHORIZE, phase, NOT_SENT, AUTHORIZE, phase, SOON);
      t.on(AUTHORIZE, phase, DECLINED, AUTHORIZE, PARKED, NOTE_ATTEMPT, PARK);
      t.on(AUTHORIZE, phase, MISMATCH, AUTHORIZE, PARKED, NOTE_ATTEMPT, PARK);
      t.on(AUTHORIZE, phase, TOO_LONG, AUTHORIZE, PARKED, NOTE_ATTEMPT, PARK);
    }
  }

  private static List<Row> table() {
    List<Row> rows = new ArrayList<>();
    define(
        (step, phase, signal, toStep, toPhase, effects) ->
            rows.add(
                new Row(SagaKind.PAYMENT, step, phase, signal, toStep, toPhase, List.of(effects))));
    return List.copyOf(rows);
  }

  private static Map<From, Row> index() {
    Map<From, Row> rows = new HashMap<>();
    for (Row row : TABLE) {
      if (rows.put(new From(row.step(), row.phase(), row.signal()), row) != null) {
        throw new IllegalStateException("two rows for " + row);
      }
    }
    return Map.copyOf(rows);
  }
}
