package dev.ducat.saga;

import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.internal.v1.ReportCommand;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.saga.PaymentMessage.Report;

/**
 * What a report of a connector is worth. It decides an operation whose outcome is open, once; it
 * never changes what is recorded.
 */
final class ReportRules {
  private ReportRules() {}

  sealed interface Verdict {}

  /** It decides, or brings the payer something new to do. */
  record News(Outcome outcome) implements Verdict {}

  /** Nothing that is not known already, or that will not be asked for anyway. */
  record Known() implements Verdict {}

  /** The PSP did what had been given up: it is undone. */
  record Late() implements Verdict {}

  /** It contradicts what is recorded: kept for a person. */
  record Twisted(String why) implements Verdict {}

  /** Whether the report may speak about this saga at all. */
  static boolean isAbout(Saga saga, Report report) {
    ReportCommand command = report.request().getReport();
    Claim claim = saga.claim();
    return claim.tenant().equals(report.request().getTenant())
        && claim.shard() == report.unit().shard()
        && claim.paymentId().text().equals(command.getPaymentId())
        && saga.data().getConnector().equals(command.getConnector());
  }

  static boolean isSettlement(Report report) {
    return report.request().getReport().getResult().getKind()
        == OperationKind.OPERATION_KIND_SETTLEMENT;
  }

  static Verdict judge(Saga saga, Standing standing, OperationResult result) {
    boolean done = result.hasDone();
    if (done && isGivenUp(saga) && isAuthorize(saga, result)) {
      return new Late();
    }
    if (saga.phase().isOver()) {
      // A report that it is under way came after the one that it is over.
      return !result.hasPending() && done == saga.data().hasFailure() && !isVoid(result)
          ? new Twisted("the saga ended as " + saga.outcome() + ", the PSP reports otherwise")
          : new Known();
    }
    if (saga.phase() == Phase.PARKED) {
      return new Twisted("a person must decide; the PSP reports " + result.getOutcomeCase());
    }
    ConnectorCall asked = saga.data().getIntent().getConnectorCall();
    boolean isCurrent =
        saga.data().getIntent().hasConnectorCall()
            && Answers.keyOf(asked).equals(result.getOperationKey());
    // A void is asked for under its key until it is done: that answer counts.
    if (!isCurrent || saga.isVoiding() || saga.phase() == Phase.TOLD) {
      return new Known();
    }
    return switch (Answers.ofPsp(asked, result)) {
      case Outcome.Done confirmed -> new News(new Outcome.Told(result));
      case Outcome.Declined declined -> new News(declined);
      case Outcome.Mismatch mismatch -> new News(mismatch);
      case Outcome.Pending pending ->
          saga.phase() == Phase.AWAIT && !isNewAction(standing.payment(), pending)
              ? new Known()
              : new News(pending);
      case Outcome.Settled s -> new Known();
      case Outcome.Retryable r -> new Known();
      case Outcome.Unknown u -> new Known();
      case Outcome.NotFound n -> new Known();
      case Outcome.NotSent n -> new Known();
      case Outcome.LedgerRefused l -> new Known();
      case Outcome.Told t -> new Known();
      case Outcome.SettlementReported r -> new Known();
      case Outcome.TimeUp t -> new Known();
      case Outcome.Retried r -> new Known();
      case Outcome.GivenUp g -> new Known();
      case Outcome.Assessed a -> new Known();
    };
  }

  /**
   * Whether the payment goes on, or has ended, without an authorization. Not while a person must
   * decide, who may still want it.
   */
  private static boolean isGivenUp(Saga saga) {
    return saga.claim().kind() == SagaKind.PAYMENT
        && saga.data().getAuthorizationKey().isEmpty()
        && (saga.phase().isOver()
            || saga.phase() == Phase.RELEASE
            || (saga.step() == Step.EXPIRE && saga.phase() == Phase.ACT));
  }

  private static boolean isAuthorize(Saga saga, OperationResult result) {
    return result.getKind() == OperationKind.OPERATION_KIND_AUTHORIZE
        && result.getOperationKey().equals(Intents.authorizeKey(saga.claim()));
  }

  private static boolean isNewAction(Payment payment, Outcome.Pending pending) {
    return pending.nextAction() != null && !pending.nextAction().equals(payment.getNextAction());
  }

  private static boolean isVoid(OperationResult result) {
    return result.getKind() == OperationKind.OPERATION_KIND_VOID;
  }
}
