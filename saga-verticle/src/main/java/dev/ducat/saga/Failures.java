package dev.ducat.saga;

import dev.ducat.proto.payments.v1.Failure;

/** What is said about what went wrong: bounded, and clean of what others put into it. */
final class Failures {
  private static final int MESSAGE_MAX = 1_000;
  private static final int CODE_MAX = 100;
  private static final int REFERENCE_MAX = 255;

  private Failures() {}

  /** Why a saga at this point cannot go on as meant. */
  static Failure of(Saga saga, Outcome outcome) {
    boolean undoing = saga.isVoiding();
    String code =
        switch (outcome) {
          case Outcome.Declined declined when undoing -> "COMPENSATION_FAILED";
          case Outcome.Declined declined -> declined.code();
          case Outcome.LedgerRefused refused -> Answers.codeOf(refused.result());
          case Outcome.Mismatch mismatch -> "ANSWER_MISMATCH";
          case Outcome.Assessed assessed ->
              assessed.assessment().getSilent() ? "RISK_UNAVAILABLE" : "RISK_DECLINED";
          case Outcome.Retryable retryable when undoing -> "COMPENSATION_FAILED";
          case Outcome.Retryable retryable ->
              retryable.code().isEmpty() ? "CONNECTOR_UNAVAILABLE" : retryable.code();
          case Outcome.Done d -> throw new IllegalStateException("done is no failure");
          case Outcome.Settled s -> throw new IllegalStateException("settled is no failure");
          case Outcome.Told t -> throw new IllegalStateException("a report is no failure");
          case Outcome.GivenUp given -> "GIVEN_UP";
          case Outcome.Retried r -> throw new IllegalStateException("a retry is no failure");
          case Outcome.SettlementReported r ->
              throw new IllegalStateException("a settlement is no failure");
          case Outcome.TimeUp t -> throw new IllegalStateException("time is no failure");
          case Outcome.Pending p -> undoing ? "COMPENSATION_FAILED" : "OUTCOME_UNKNOWN";
          case Outcome.Unknown u -> undoing ? "COMPENSATION_FAILED" : "OUTCOME_UNKNOWN";
          case Outcome.NotFound n -> undoing ? "COMPENSATION_FAILED" : "OUTCOME_UNKNOWN";
          case Outcome.NotSent n -> undoing ? "COMPENSATION_FAILED" : "OUTCOME_UNKNOWN";
        };
    return Failure.newBuilder()
        .setCode(cut(code.replaceAll("[^A-Za-z0-9_]", "_"), CODE_MAX))
        .setMessage(text(reasonOf(outcome)))
        .setStep(saga.step().text())
        .build();
  }

  static String reasonOf(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done done -> "";
      case Outcome.Settled settled -> "";
      case Outcome.Declined declined -> declined.message();
      case Outcome.Pending pending -> "the PSP decides later";
      case Outcome.Retryable retryable -> retryable.message();
      case Outcome.Unknown unknown -> unknown.message();
      case Outcome.NotFound notFound -> "the PSP knows no such operation";
      case Outcome.NotSent notSent -> "not sent";
      case Outcome.Told told -> "";
      case Outcome.SettlementReported reported -> "the PSP reports it settled";
      case Outcome.TimeUp timeUp -> "its time is over";
      case Outcome.Retried retried -> "";
      case Outcome.GivenUp given -> "given up by an operator";
      case Outcome.Assessed assessed -> Assessments.reasonOf(assessed.assessment());
      case Outcome.LedgerRefused refused ->
          switch (Answers.codeOf(refused.result())) {
            case "ACCOUNT_CLOSED" -> "an account of this payment is closed";
            case "INSUFFICIENT_FUNDS" -> "the account to debit has not enough funds";
            default -> "an account's limit would be exceeded";
          };
      case Outcome.Mismatch mismatch -> mismatch.message();
    };
  }

  /** Text of others: bounded, and without what a database or a terminal would choke on. */
  static String text(String message) {
    return clean(message, MESSAGE_MAX);
  }

  /** A PSP's name for an operation. */
  static String reference(String psp) {
    return clean(psp, REFERENCE_MAX);
  }

  private static String clean(String text, int max) {
    boolean dirty = text.chars().anyMatch(Character::isISOControl);
    return cut(dirty ? text.replaceAll("\\p{Cntrl}", " ") : text, max);
  }

  private static String cut(String text, int max) {
    return text.length() <= max ? text : text.substring(0, max);
  }
}
