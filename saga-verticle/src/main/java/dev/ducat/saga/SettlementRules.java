package dev.ducat.saga;

import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.type.v1.Money;

/**
 * What a PSP's report of a settlement is worth, where settlement waits for reports. Each capture is
 * reported by its own key; the payment settles when all that was captured is reported and no
 * capture can follow.
 */
final class SettlementRules {
  private SettlementRules() {}

  sealed interface Verdict {}

  /** The capture counts as settled by the PSP from now on. */
  record Counts() implements Verdict {}

  /** Nothing that is not known already. */
  record Known() implements Verdict {}

  /** No capture has this key. */
  record NoSuch() implements Verdict {}

  /** It contradicts what is recorded: kept for a person, while the right report is waited for. */
  record Twisted(String why) implements Verdict {}

  /** The settlement that is waited for is another one than ours: a person must decide. */
  record Wrong(String why) implements Verdict {}

  /**
   * Judges a report.
   *
   * @param saga that its operation key names
   */
  static Verdict judge(Saga saga, Standing standing, OperationResult report) {
    Claim claim = saga.claim();
    boolean captures = claim.kind() == SagaKind.PAYMENT || claim.kind() == SagaKind.CAPTURE;
    if (!captures || !report.getOperationKey().equals(Intents.operationKey(claim, "capture"))) {
      return new NoSuch();
    }
    if (!saga.data().getSettlesOnReport() || report.hasPending()) {
      return new Known();
    }
    Money amount = amount(saga, standing);
    boolean fits = report.hasDone() && report.getDone().getAmount().equals(amount);
    if (saga.data().hasSettlement()) {
      return fits ? new Known() : new Twisted("settled before; the PSP reports " + text(report));
    }
    if (saga.step() == Step.SETTLE && saga.phase() == Phase.PARKED) {
      return new Twisted("a person must decide; the PSP reports " + text(report));
    }
    if (!fits) {
      String why =
          "captured %d %s, the PSP reports %s"
              .formatted(amount.getMinorUnits(), amount.getCurrencyCode(), text(report));
      return saga.step() == Step.SETTLE && saga.phase() == Phase.OPEN
          ? new Wrong(why)
          : new Twisted(why);
    }
    return hasCaptured(saga) || saga.step() == Step.CAPTURE
        ? new Counts()
        : new Twisted("nothing was captured; the PSP reports " + text(report));
  }

  /** The saga with the report, and the payment with its amount where the capture is known. */
  static Decision count(Saga saga, Standing standing, OperationResult report) {
    Saga noted =
        new Saga(
            saga.claim(),
            saga.step(),
            saga.phase(),
            saga.attempt(),
            saga.nextAttemptAt(),
            saga.version() + 1,
            saga.data().toBuilder().setSettlement(report).build());
    return Decision.silent(
        noted,
        hasCaptured(saga)
            ? standing.withSettlementReported(amount(saga, standing).getMinorUnits())
            : standing);
  }

  /** Whether it is not known yet that the reported capture happened: then the PSP is asked. */
  static boolean isEarly(Saga saga) {
    return saga.step() == Step.CAPTURE
        && switch (saga.phase()) {
          case ACT, ASK, AWAIT -> true;
          case TOLD, OPEN, RELEASE, UNDO, PARKED, ENDED, UNDONE -> false;
        };
  }

  /** Whether a saga waits for reports and all of them have come. */
  static boolean isComplete(Saga saga, Standing standing) {
    return saga.step() == Step.SETTLE
        && saga.phase() == Phase.OPEN
        && standing.settlementReported() == standing.payment().getAmountCaptured().getMinorUnits();
  }

  /** Whether, once this saga's step is done, a report is still waited for. */
  static boolean isAwaited(Saga saga, Standing standing) {
    long captured = standing.payment().getAmountCaptured().getMinorUnits();
    long reported = standing.settlementReported();
    if (saga.step() == Step.CAPTURE) {
      captured += standing.pendingCapture();
      reported += saga.data().hasSettlement() ? standing.pendingCapture() : 0;
    }
    return saga.data().getSettlesOnReport() && reported < captured;
  }

  /** A PSP that reported a capture as settled cannot say later that it did not happen. */
  static Outcome against(Saga saga, Outcome outcome) {
    boolean denied = outcome instanceof Outcome.Declined || outcome instanceof Outcome.Retryable;
    return denied && saga.step() == Step.CAPTURE && saga.data().hasSettlement()
        ? new Outcome.Mismatch(
            "reported as settled, and now not captured: " + Failures.reasonOf(outcome))
        : outcome;
  }

  private static boolean hasCaptured(Saga saga) {
    return !saga.data().getCaptureKey().isEmpty();
  }

  private static Money amount(Saga saga, Standing standing) {
    return saga.claim().kind() == SagaKind.PAYMENT
        ? standing.payment().getAmount()
        : saga.data().getAmount();
  }

  private static String text(OperationResult report) {
    return report.hasDone()
        ? "%d %s"
            .formatted(
                report.getDone().getAmount().getMinorUnits(),
                report.getDone().getAmount().getCurrencyCode())
        : report.getOutcomeCase().name();
  }
}
