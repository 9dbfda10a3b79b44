package dev.ducat.saga;

import static dev.ducat.saga.Effect.PARK;
import static dev.ducat.saga.Effect.PARK_LATE;
import static dev.ducat.saga.Effect.PARK_REFUND;
import static dev.ducat.saga.Phase.ACT;
import static dev.ducat.saga.Phase.ASK;
import static dev.ducat.saga.Phase.AWAIT;
import static dev.ducat.saga.Phase.PARKED;
import static dev.ducat.saga.Signal.*;
import static dev.ducat.saga.Step.AUTHORIZE;
import static dev.ducat.saga.Step.CAPTURE;
import static dev.ducat.saga.Step.RECLAIM;
import static dev.ducat.saga.Step.SETTLE;
import static dev.ducat.saga.Step.VALIDATE;

import dev.ducat.proto.internal.v1.SagaData;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.risk.v1.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The sagas of payments and of the operations on them: one table ({@link SagaTable}) from (kind,
 * step, phase, signal) to (step, phase, effects). Pure: what it decides is committed before
 * anything of it happens, and whatever is decided anew from the same rows comes out the same.
 *
 * <p>Three rules shape the table. What may have happened is asked about ({@link Phase#ASK}) before
 * anything else is done, and never counts as failed. A refusal turns the saga back: what was done
 * is undone in reverse. Once the capture succeeded there is no way back, only forward.
 */
public final class PaymentSaga {
  /**
   * Stored with each saga, which finishes on the table it began with. What changes where a saga
   * goes, what it sends or what it tells needs a new number, and the old table kept beside the new
   * in {@link #DEFINITIONS}. Recorded histories of each version are replayed in the tests.
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

  /** Proven absent, and too late to begin. */
  private static final Outcome NEVER_BEGUN =
      new Outcome.Retryable("TIMED_OUT", "the PSP never had it, and its time is over", null);

  private record From(SagaKind kind, Step step, Phase phase, Signal signal) {}

  static final List<Row> TABLE = SagaTable.rows();

  /** The table of each version of which there may be unfinished sagas. */
  static final Map<Integer, List<Row>> DEFINITIONS = Map.of(DEFINITION_VERSION, TABLE);

  private final SagaSettings settings;
  private final Map<Integer, Map<From, Row>> rows;
  private final Consumer<Row> taken;

  public PaymentSaga(SagaSettings settings) {
    this(settings, DEFINITIONS, row -> {});
  }

  /**
   * With other tables.
   *
   * @param definitions the table of each version
   * @param taken hears every row that is taken
   */
  PaymentSaga(SagaSettings settings, Map<Integer, List<Row>> definitions, Consumer<Row> taken) {
    this.settings = settings;
    this.rows = new HashMap<>();
    definitions.forEach((version, table) -> rows.put(version, index(table)));
    this.taken = taken;
  }

  /**
   * The first step, for a request whose key is new.
   *
   * @param velocity counts the payment if it may be made
   */
  Decision start(
      Claim claim,
      CreatePaymentRequest request,
      VelocityCount velocity,
      Instant now,
      RandomGenerator random) {
    Standing nothing = Validation.draft(claim, request, settings);
    Payment payment = nothing.payment();
    Outcome.@Nullable Declined refused = Validation.check(claim.tenant(), payment, settings);
    if (refused == null) {
      refused = velocity.admit(claim.tenant(), payment, now);
    }
    Saga saga =
        new Saga(claim, VALIDATE, ACT, 0, null, 0, Validation.data(nothing.payment(), settings));
    Outcome outcome = refused == null ? new Outcome.Done("", null) : refused;
    Signal signal = refused != null ? INVALID : settings.risk() == null ? VALID : ASSESS;
    return take(saga, nothing, signal, outcome, now, random);
  }

  /** The step after an outcome. */
  public Decision decide(
      Saga saga, Standing standing, Outcome outcome, Instant now, RandomGenerator random) {
    Outcome told = SettlementRules.against(saga, outcome);
    Signal signal = judge(saga, standing, told, now);
    boolean late = signal == RETRIES_SPENT && told instanceof Outcome.NotFound;
    return take(saga, standing, signal, late ? NEVER_BEGUN : told, now, random);
  }

  /**
   * The first step of an operation on a payment that passed {@link OperationRules}.
   *
   * @param data what the operation needs to know, from its request and from earlier sagas
   * @param open the saga of the open authorization, for operations on one
   */
  public Decision operate(
      Claim claim,
      SagaData data,
      Standing standing,
      @Nullable Saga open,
      Instant now,
      RandomGenerator random) {
    Saga saga = new Saga(claim, VALIDATE, ACT, 0, null, 0, data);
    Outcome valid = new Outcome.Done("", null);
    Decision begun = take(saga, standing, VALID, valid, now, random);
    if (open == null) {
      return begun;
    }
    if (begun.standing().closing() == Closing.NONE) {
      // Whoever comes after this capture finds the rest under the hold that it leaves.
      String rest = Intents.transferId(claim, Intents.REST_LABEL);
      Saga moved =
          new Saga(
              open.claim(),
              open.step(),
              open.phase(),
              open.attempt(),
              open.nextAttemptAt(),
              open.version() + 1,
              open.data().toBuilder().setHoldId(rest).build());
      return begun.with(moved);
    }
    Decision closed = take(open, standing, CLOSED, new Outcome.TimeUp(), now, random);
    return begun.with(closed.saga());
  }

  /** The step after a person's decision that passed {@link OperatorRules}. */
  Decision attend(
      Saga saga,
      Standing standing,
      OperatorRules.Apply apply,
      Instant now,
      RandomGenerator random) {
    Saga stated =
        apply.attested() == null
            ? saga
            : saga.with(saga.data().toBuilder().setAttested(apply.attested()).build());
    return decide(stated, standing, apply.outcome(), now, random);
  }

  /**
   * The first step of a saga that frees an authorization which the PSP reports of a payment that
   * was given up. The payment stays what it is.
   */
  Decision reclaim(Claim claim, Standing standing, Instant now, RandomGenerator random) {
    Saga saga = Reclaims.found(claim, standing);
    return take(saga, standing, LATE, new Outcome.TimeUp(), now, random);
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
            List.of(
                switch (saga.claim().kind()) {
                  case REFUND -> PARK_REFUND;
                  case RECLAIM -> PARK_LATE;
                  case PAYMENT, CAPTURE, CANCEL, EXPIRE -> PARK;
                }));
    return new Transition(row, saga, standing, new Outcome.Mismatch(why), settings, now, random)
        .run();
  }

  /**
   * A saga as read from the table by its new owner. A PSP call without outcome is in doubt: whoever
   * owned it may have sent it a moment ago, so quarantine counts from now. Everything else is
   * idempotent and simply done again.
   */
  public Saga resume(Saga saga, Instant now) {
    boolean inDoubt =
        saga.phase() == ACT && saga.data().getIntent().hasConnectorCall() && !saga.isVoiding();
    if (!inDoubt && saga.phase() != ASK) {
      return saga;
    }
    ConnectorTerms terms = termsOf(saga);
    SagaData.Builder data =
        saga.data().toBuilder().setProvenAfter(Times.toProto(now.plus(terms.untilProven())));
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

  private RetryTerms retryOf(Saga saga) {
    return settings.retryOf(saga.data().getConnector());
  }

  private Decision take(
      Saga saga,
      Standing standing,
      Signal signal,
      Outcome outcome,
      Instant now,
      RandomGenerator random) {
    Claim claim = saga.claim();
    Row row =
        rows.getOrDefault(claim.definitionVersion(), Map.of())
            .get(new From(claim.kind(), saga.step(), saga.phase(), signal));
    if (row == null) {
      throw new IllegalStateException(
          "no transition of %s in version %d from %s/%s on %s"
              .formatted(
                  claim.kind(), claim.definitionVersion(), saga.step(), saga.phase(), signal));
    }
    taken.accept(row);
    return new Transition(row, saga, standing, outcome, settings, now, random).run();
  }

  private Signal judge(Saga saga, Standing standing, Outcome outcome, Instant now) {
    return switch (outcome) {
      case Outcome.Done done ->
          saga.phase() == PARKED ? back(saga, standing) : judgeDone(saga, standing);
      case Outcome.Retried retried -> saga.phase() == PARKED ? back(saga, standing) : HURRIED;
      case Outcome.GivenUp given -> orRestOnly(saga, standing, RETRIES_SPENT);
      case Outcome.Settled settled -> SETTLED_TOO;
      case Outcome.Declined declined -> orRestOnly(saga, standing, DECLINED);
      case Outcome.LedgerRefused refused -> LEDGER_REFUSED;
      case Outcome.Mismatch mismatch -> MISMATCH;
      case Outcome.NotSent notSent -> NOT_SENT;
      case Outcome.Told told -> Signal.TOLD;
      case Outcome.SettlementReported reported -> saga.step() == SETTLE ? REPORTED : EARLY;
      case Outcome.TimeUp timeUp when saga.step() == SETTLE || saga.step() == RECLAIM -> LAPSED;
      case Outcome.TimeUp timeUp ->
          standing.closing() != Closing.NONE
              ? CLOSED
              : standing.pendingCapture() > 0 ? BUSY : LAPSED;
      case Outcome.Assessed assessed ->
          assessed.assessment().getVerdict() == Verdict.VERDICT_DECLINE
              ? DECLINED
              : assessed.assessment().getSilent() ? UNKNOWN : DONE;
      case Outcome.Pending pending -> hasLapsed(saga, now) ? LAPSED : orTooLong(saga, PENDING, now);
      case Outcome.Unknown unknown -> orTooLong(saga, UNKNOWN, now);
      case Outcome.NotFound notFound -> judgeAbsence(saga, now);
      case Outcome.Retryable retryable ->
          saga.isVoiding()
              ? orTooLong(saga, RETRYABLE, now)
              : saga.step() != RECLAIM && retryOf(saga).isSpent(saga, retryable, now)
                  ? orRestOnly(saga, standing, RETRIES_SPENT)
                  : RETRYABLE;
    };
  }

  /** Where a saga goes on that stood still. */
  private static Signal back(Saga saga, Standing standing) {
    if (saga.isParkedInDoubt()) {
      return BACK_TO_ASK;
    }
    return switch (saga.step()) {
      case AUTHORIZE ->
          standing.payment().getAmountAuthorized().getMinorUnits() > 0
              ? BACK_TO_UNDO
              : BACK_TO_RELEASE;
      case REFUND -> BACK_TO_RELEASE;
      case VALIDATE, CAPTURE, REMAINDER, CANCEL, EXPIRE, RECLAIM, SETTLE, NOTIFY -> BACK_TO_ACT;
    };
  }

  /** What follows on a step that is done depends on what is left to do about the payment. */
  private static Signal judgeDone(Saga saga, Standing standing) {
    Payment payment = standing.payment();
    long captured = payment.getAmountCaptured().getMinorUnits();
    long rest =
        payment.getAmountAuthorized().getMinorUnits() - captured - standing.pendingCapture();
    if (saga.phase().isUndoing()) {
      return DONE;
    }
    return switch (saga.step()) {
      case AUTHORIZE -> payment.getCaptureMode() == CaptureMode.CAPTURE_MODE_MANUAL ? HELD : DONE;
      case CAPTURE ->
          saga.claim().kind() == SagaKind.PAYMENT || rest == 0
              ? SettlementRules.isAwaited(saga, standing) ? UNSETTLED : DONE
              : saga.data().getFinalCapture() ? REST : PART;
      case CANCEL, EXPIRE ->
          captured == 0
              ? DONE
              : SettlementRules.isAwaited(saga, standing) ? UNSETTLED : AFTER_CAPTURE;
      case REMAINDER -> SettlementRules.isAwaited(saga, standing) ? UNSETTLED : DONE;
      case VALIDATE, REFUND, RECLAIM, SETTLE, NOTIFY -> DONE;
    };
  }

  /** Where earlier captures stand, a capture that fails does not fail the payment. */
  private static Signal orRestOnly(Saga saga, Standing standing, Signal signal) {
    return saga.step() == CAPTURE && standing.payment().getAmountCaptured().getMinorUnits() > 0
        ? REST_ONLY
        : signal;
  }

  /** Whether an authorization was pending for as long as we are willing to wait. */
  private boolean hasLapsed(Saga saga, Instant now) {
    return saga.step() == AUTHORIZE
        && saga.phase() == AWAIT
        && saga.data().hasAwaitSince()
        && !now.isBefore(
            Times.fromProto(saga.data().getAwaitSince()).plus(termsOf(saga).actionTimeout()));
  }

  private Signal judgeAbsence(Saga saga, Instant now) {
    SagaData data = saga.data();
    if (saga.phase() == AWAIT) {
      return hasLapsed(saga, now) ? LAPSED : NOT_FOUND;
    }
    if (saga.phase() == PARKED) {
      // A person says so, who looked it up.
      return PROVEN_ABSENT;
    }
    if (saga.phase() != ASK) {
      return orTooLong(saga, UNKNOWN, now);
    }
    if (now.isBefore(Times.fromProto(data.getProvenAfter()))) {
      return NOT_FOUND;
    }
    if (saga.step() == RECLAIM) {
      return PROVEN_ABSENT;
    }
    ConnectorTerms terms = termsOf(saga);
    Duration window = terms.idempotencyWindow().minus(terms.windowMargin());
    if (!now.isBefore(Times.fromProto(data.getFirstSentTime()).plus(window))
        || data.hasSettlement()) {
      // The PSP may have forgotten the key, which says nothing about what it did.
      return orTooLong(saga, NOT_FOUND, now);
    }
    // What was never there and comes too late is not begun; its void keeps it away.
    return saga.step() == AUTHORIZE && !now.isBefore(retryOf(saga).endOf(saga))
        ? RETRIES_SPENT
        : PROVEN_ABSENT;
  }

  private Signal orTooLong(Saga saga, Signal signal, Instant now) {
    SagaData data = saga.data();
    boolean tooLong =
        switch (saga.phase()) {
          // A PSP that answers "pending" is not unknown.
          case ASK ->
              (signal != PENDING || saga.step() == RECLAIM)
                  && now.isAfter(
                      Times.fromProto(data.getUnknownSince()).plus(termsOf(saga).unknownMax()));
          case RELEASE, UNDO ->
              now.isAfter(Times.fromProto(data.getUndoSince()).plus(retryOf(saga).undoMax()));
          case ACT ->
              saga.isVoiding()
                  && now.isAfter(
                      Times.fromProto(data.getUndoSince()).plus(retryOf(saga).undoMax()));
          case AWAIT, OPEN, PARKED, ENDED, UNDONE -> false;
          case TOLD -> false;
        };
    return tooLong ? TOO_LONG : signal;
  }

  private static Map<From, Row> index(List<Row> table) {
    Map<From, Row> rows = new HashMap<>();
    for (Row row : table) {
      if (rows.put(new From(row.kind(), row.step(), row.phase(), row.signal()), row) != null) {
        throw new IllegalStateException("two rows for " + row);
      }
    }
    return Map.copyOf(rows);
  }
}
