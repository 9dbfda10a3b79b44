package dev.ducat.saga;

import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.OperatorCommand;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.operations.v1.ResolveSagaRequest;
import dev.ducat.proto.payments.v1.PaymentState;
import org.jspecify.annotations.Nullable;

/**
 * What a person may decide about a saga. Pure. Whatever is allowed becomes an outcome that the
 * saga's table goes on from; what has been decided already is answered as it is.
 */
final class OperatorRules {
  private OperatorRules() {}

  sealed interface Verdict {}

  /**
   * The saga goes on from this.
   *
   * @param attested what a person stated about the operation in doubt; null where nothing was
   */
  record Apply(Outcome outcome, @Nullable OperationResult attested) implements Verdict {}

  /** It is so already. */
  record Unchanged() implements Verdict {}

  /**
   * It was decided before.
   *
   * @param sagaId what came of it: the saga itself, or the refund that began
   * @param replayed whether it is known by its key
   */
  record Decided(String sagaId, boolean replayed) implements Verdict {}

  /** What was captured is given back by a refund, a saga of its own. */
  record GiveBack() implements Verdict {}

  /** It does not fit. */
  record Refuse(Refusal refusal) implements Verdict {}

  static String sagaOf(OperatorCommand command) {
    return switch (command.getRequestCase()) {
      case RETRY -> command.getRetry().getSagaId();
      case COMPENSATE -> command.getCompensate().getSagaId();
      case RESOLVE -> command.getResolve().getSagaId();
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no command");
    };
  }

  /** The name of the RPC. */
  static String actionOf(OperatorCommand command) {
    return switch (command.getRequestCase()) {
      case RETRY -> "RetrySaga";
      case COMPENSATE -> "CompensateSaga";
      case RESOLVE -> "ResolveSaga";
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no command");
    };
  }

  static String reasonOf(OperatorCommand command) {
    return switch (command.getRequestCase()) {
      case RETRY -> command.getRetry().getReason();
      case COMPENSATE -> command.getCompensate().getReason();
      case RESOLVE -> command.getResolve().getReason();
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no command");
    };
  }

  /** The command's idempotency key; empty where it has none. */
  static String keyOf(OperatorCommand command) {
    return switch (command.getRequestCase()) {
      case RETRY -> command.getRetry().getIdempotencyKey();
      case COMPENSATE -> command.getCompensate().getIdempotencyKey();
      case RESOLVE -> command.getResolve().getIdempotencyKey();
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no command");
    };
  }

  /** Judges a command about a saga as its last commit left it. */
  static Verdict judge(OperatorCommand command, Saga saga, Standing standing) {
    Verdict before = Attention.decidedBefore(command, saga);
    return before != null ? before : judgeAnew(command, saga, standing);
  }

  private static Verdict judgeAnew(OperatorCommand command, Saga saga, Standing standing) {
    return switch (command.getRequestCase()) {
      case RETRY -> retry(saga, command.getRetry().getVersion());
      case COMPENSATE -> compensate(saga, standing, command.getCompensate().getVersion());
      case RESOLVE -> resolve(saga, command.getResolve());
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no command");
    };
  }

  private static Verdict retry(Saga saga, long version) {
    if (isOther(saga, version)) {
      return moved(saga);
    }
    if (saga.phase().isOver()) {
      return ended(saga);
    }
    if (saga.phase() == Phase.OPEN) {
      return sleeps(saga, "its time has not come; there is nothing to retry");
    }
    boolean onItsWay = saga.phase() != Phase.PARKED && saga.nextAttemptAt() == null;
    return onItsWay ? new Unchanged() : new Apply(new Outcome.Retried(), null);
  }

  private static Verdict compensate(Saga saga, Standing standing, long version) {
    boolean undone = saga.phase() == Phase.UNDONE || saga.phase().isUndoing();
    if (undone || (saga.phase() != Phase.PARKED && saga.isVoiding())) {
      return new Unchanged();
    }
    if (isOther(saga, version)) {
      return moved(saga);
    }
    if (saga.step() == Step.RECLAIM && !saga.phase().isOver()) {
      // It is there to free what nobody has any use for.
      return saga.phase() == Phase.PARKED
          ? new Apply(new Outcome.Retried(), null)
          : new Unchanged();
    }
    return switch (saga.phase()) {
      case ENDED -> giveBack(saga, standing);
      case OPEN ->
          saga.step() == Step.SETTLE
              ? captured(saga)
              : sleeps(saga, "it watches an open authorization: cancel the payment instead");
      // A question to the risk service has no effect: its answer is not waited for.
      case ACT -> giveUp(saga, saga.nextAttemptAt() == null && saga.step() != Step.VALIDATE);
      case ASK, AWAIT -> giveUp(saga, saga.step() != Step.AUTHORIZE);
      case TOLD -> unknown(saga);
      case PARKED ->
          saga.isParkedInDoubt()
              ? giveUp(saga, saga.step() != Step.AUTHORIZE)
              // It undoes already, or what it does is not undone: it is what is left to do.
              : saga.step() == Step.SETTLE
                  ? captured(saga)
                  : new Apply(new Outcome.Retried(), null);
      case RELEASE, UNDO, UNDONE -> new Unchanged();
    };
  }

  /**
   * A void is the answer to an authorize in doubt: it frees what is there, or keeps it from coming.
   * A capture or a refund in doubt has no such answer.
   */
  private static Verdict giveUp(Saga saga, boolean inDoubt) {
    if (saga.step() == Step.SETTLE || saga.step() == Step.NOTIFY) {
      return captured(saga);
    }
    return inDoubt ? unknown(saga) : new Apply(new Outcome.GivenUp(), null);
  }

  private static Verdict giveBack(Saga saga, Standing standing) {
    // Of what was captured later, the captures' own sagas give back.
    boolean captures =
        (saga.claim().kind() == SagaKind.PAYMENT || saga.claim().kind() == SagaKind.CAPTURE)
            && !saga.data().getCaptureKey().isEmpty();
    if (!captures || standing.payment().getState() != PaymentState.PAYMENT_STATE_SETTLED) {
      return ended(saga);
    }
    if (standing.refundable() > 0) {
      return new GiveBack();
    }
    String begun = Attention.refundBegun(saga);
    return begun.isEmpty() ? ended(saga) : new Decided(begun, false);
  }

  private static Verdict resolve(Saga saga, ResolveSagaRequest request) {
    OperationResult stated = stated(saga, request);
    if (saga.data().hasAttested() && saga.data().getAttested().equals(stated)) {
      return new Unchanged();
    }
    if (isOther(saga, request.getVersion())) {
      return moved(saga);
    }
    if (saga.phase() != Phase.PARKED) {
      return certain(saga, "NOT_IN_NEEDS_ATTENTION", "Ducat still finds out by itself");
    }
    if (!saga.data().getIntent().hasConnectorCall()) {
      return certain(saga, "NOTHING_OUTSTANDING", "nothing is wanted of a PSP: retry it");
    }
    ConnectorCall asked = saga.data().getIntent().getConnectorCall();
    if (!Answers.keyOf(asked).equals(request.getOperationKey())) {
      return certain(saga, "OTHER_OPERATION", "in doubt is " + Answers.keyOf(asked));
    }
    if (saga.step() == Step.RECLAIM && !asked.hasVoid()) {
      return certain(saga, "ASK_AGAIN", "the PSP is asked once more what it holds: retry it");
    }
    if (saga.data().hasSettlement() && !stated.hasDone()) {
      return certain(saga, "REPORTED_SETTLED", "the PSP reported this capture as settled");
    }
    Outcome outcome = Answers.ofPsp(asked, stated);
    return switch (outcome) {
      case Outcome.Done done ->
          new Apply(asked.hasVoid() ? done : new Outcome.Told(stated), stated);
      case Outcome.Declined declined ->
          asked.hasVoid()
              ? certain(saga, "VOID_REQUIRED", "what is held must be freed: retry it, or free it")
              : new Apply(declined, stated);
      // What never arrived is sent again; for a void that is all there is to it.
      case Outcome.NotFound never ->
          new Apply(asked.hasVoid() ? new Outcome.Retried() : never, stated);
      case Outcome.Mismatch mismatch ->
          new Refuse(
              refusal(
                  RefusalReason.REFUSAL_REASON_AMOUNT_MISMATCH,
                  saga,
                  "AMOUNT",
                  mismatch.message()));
      default -> throw new IllegalStateException("no statement: " + outcome);
    };
  }

  private static OperationResult stated(Saga saga, ResolveSagaRequest request) {
    OperationResult.Builder stated =
        OperationResult.newBuilder().setOperationKey(request.getOperationKey());
    if (saga.data().getIntent().hasConnectorCall()) {
      stated.setKind(Answers.kindOf(saga.data().getIntent().getConnectorCall()));
    } else {
      stated.setKind(saga.data().getAttested().getKind());
    }
    switch (request.getOutcomeCase()) {
      case DONE -> stated.setDone(request.getDone());
      case DECLINED -> stated.setDeclined(request.getDeclined());
      case NEVER_HAPPENED -> stated.setNotFound(request.getNeverHappened());
      case OUTCOME_NOT_SET -> throw new IllegalArgumentException("no outcome");
    }
    return stated.build();
  }

  // ---- refusals

  private static boolean isOther(Saga saga, long version) {
    return version != 0 && version != saga.version();
  }

  private static Verdict moved(Saga saga) {
    return new Refuse(
        refusal(
            RefusalReason.REFUSAL_REASON_VERSION_MISMATCH,
            saga,
            "VERSION",
            "the saga has gone on, to version " + saga.version()));
  }

  private static Verdict ended(Saga saga) {
    return new Refuse(
        refusal(
            RefusalReason.REFUSAL_REASON_SAGA_ENDED,
            saga,
            String.valueOf(saga.state()),
            "the saga has ended, nothing is left to do about it"));
  }

  private static Verdict sleeps(Saga saga, String message) {
    return new Refuse(refusal(RefusalReason.REFUSAL_REASON_SAGA_SLEEPS, saga, "SLEEPS", message));
  }

  private static Verdict captured(Saga saga) {
    return new Refuse(
        refusal(
            RefusalReason.REFUSAL_REASON_SAGA_CAPTURED,
            saga,
            "CAPTURED",
            "the payer is charged and the funds are not settled yet: retry it, then compensate"));
  }

  private static Verdict unknown(Saga saga) {
    return new Refuse(
        refusal(
            RefusalReason.REFUSAL_REASON_SAGA_OUTCOME_UNKNOWN,
            saga,
            "OUTCOME_UNKNOWN",
            "its %s may have happened: resolve it first".formatted(saga.step().text())));
  }

  private static Verdict certain(Saga saga, String obstacle, String message) {
    return new Refuse(
        refusal(RefusalReason.REFUSAL_REASON_SAGA_NOT_IN_DOUBT, saga, obstacle, message));
  }

  private static Refusal refusal(RefusalReason reason, Saga saga, String obstacle, String message) {
    return Refusal.newBuilder()
        .setReason(reason)
        .setField(saga.claim().sagaText())
        .setObstacle(obstacle)
        .setMessage(message)
        .build();
  }
}
