package dev.ducat.saga;

import dev.ducat.proto.connector.v1.GetOperationRequest;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferOutcome;
import dev.ducat.proto.ledger.v1.TransferResult;
import dev.ducat.proto.type.v1.Money;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Judges what the PSP and the ledger answered against what was asked. The one place where an answer
 * becomes an {@link Outcome}; nothing is booked that did not pass here.
 */
final class Answers {
  private Answers() {}

  /** What an answer of the PSP to {@code asked}, or to a question about it, means. */
  static Outcome ofPsp(ConnectorCall asked, OperationResult answer) {
    String key = keyOf(asked);
    if (!answer.getOperationKey().equals(key)) {
      return new Outcome.Mismatch(
          "asked about operation %s, the answer is about %s"
              .formatted(key, answer.getOperationKey()));
    }
    if (answer.getKind() != kindOf(asked)) {
      return new Outcome.Mismatch(
          "asked for %s, the answer is about %s".formatted(kindOf(asked), answer.getKind()));
    }
    return switch (answer.getOutcomeCase()) {
      case DONE -> done(asked, answer);
      case DECLINED ->
          new Outcome.Declined(
              code(answer.getDeclined().getReasonCode()), answer.getDeclined().getMessage());
      case PENDING ->
          new Outcome.Pending(
              answer.getPending().getConnectorReference(),
              answer.getPending().hasNextAction() ? answer.getPending().getNextAction() : null);
      case RETRYABLE -> {
        @Nullable Duration after =
            answer.getRetryable().hasRetryAfter()
                ? Duration.ofSeconds(
                    answer.getRetryable().getRetryAfter().getSeconds(),
                    answer.getRetryable().getRetryAfter().getNanos())
                : null;
        yield new Outcome.Retryable(
            answer.getRetryable().getReasonCode(), answer.getRetryable().getMessage(), after);
      }
      case NOT_FOUND -> new Outcome.NotFound();
      case OUTCOME_NOT_SET -> new Outcome.Unknown("an answer without an outcome");
    };
  }

  private static Outcome done(ConnectorCall asked, OperationResult answer) {
    Money wanted = amountOf(asked);
    Money got = answer.getDone().getAmount();
    // A void frees what is there: all that was asked for, or nothing at all.
    boolean nothingToFree = asked.hasVoid() && got.getMinorUnits() == 0;
    if (!nothingToFree && !wanted.equals(got)) {
      return new Outcome.Mismatch(
          "asked for %d %s, the answer says %d %s"
              .formatted(
                  wanted.getMinorUnits(),
                  wanted.getCurrencyCode(),
                  got.getMinorUnits(),
                  got.getCurrencyCode()));
    }
    @Nullable Instant expires =
        answer.getDone().hasAuthorizationExpireTime()
            ? Times.fromProto(answer.getDone().getAuthorizationExpireTime())
            : null;
    return new Outcome.Done(answer.getDone().getConnectorReference(), expires);
  }

  /**
   * What the ledger's answer to a group means: null where everything is booked, now or earlier.
   *
   * @param beforePsp whether a refusal is still harmless, because nothing else has happened
   */
  static @Nullable Outcome ofLedger(
      List<NewTransfer> asked, List<TransferOutcome> answers, boolean beforePsp) {
    if (asked.size() != answers.size()) {
      return new Outcome.Mismatch(
          "%d transfers asked for, %d answered".formatted(asked.size(), answers.size()));
    }
    for (int i = 0; i < asked.size(); i++) {
      NewTransfer transfer = asked.get(i);
      TransferOutcome answer = answers.get(i);
      if (!answer.getTransferId().equals(transfer.getTransferId())) {
        return new Outcome.Mismatch("the ledger answered about " + answer.getTransferId());
      }
      TransferResult result = answer.getResult();
      if (!isBooked(transfer.getKind(), result)
          && result != TransferResult.TRANSFER_RESULT_LINKED_TRANSFER_FAILED) {
        return beforePsp
                && transfer.getKind() == TransferKind.TRANSFER_KIND_HOLD
                && isRefusal(result)
            ? new Outcome.LedgerRefused(result)
            : new Outcome.Mismatch("the ledger answered " + result + " to " + transfer.getKind());
      }
    }
    boolean chainFailed =
        answers.stream()
            .anyMatch(a -> a.getResult() == TransferResult.TRANSFER_RESULT_LINKED_TRANSFER_FAILED);
    return chainFailed
        ? new Outcome.Mismatch("the ledger refused a chain without saying why")
        : null;
  }

  /** The failure code of a hold that the ledger refused. */
  static String codeOf(TransferResult refused) {
    return switch (refused) {
      case TRANSFER_RESULT_DEBIT_ACCOUNT_CLOSED, TRANSFER_RESULT_CREDIT_ACCOUNT_CLOSED ->
          "ACCOUNT_CLOSED";
      case TRANSFER_RESULT_EXCEEDS_CREDITS -> "INSUFFICIENT_FUNDS";
      case TRANSFER_RESULT_EXCEEDS_DEBITS, TRANSFER_RESULT_OVERFLOW -> "LIMIT_EXCEEDED";
      default -> throw new IllegalArgumentException("not a refusal: " + refused);
    };
  }

  /** The question what became of {@code asked}. */
  static ConnectorCall question(ConnectorCall asked) {
    GetOperationRequest.Builder question =
        GetOperationRequest.newBuilder().setOperationKey(keyOf(asked)).setKind(kindOf(asked));
    switch (asked.getCallCase()) {
      case AUTHORIZE ->
          question
              .setTenant(asked.getAuthorize().getTenant())
              .setPaymentId(asked.getAuthorize().getPaymentId())
              .setMerchantAccount(asked.getAuthorize().getMerchantAccount());
      case CAPTURE ->
          question
              .setTenant(asked.getCapture().getTenant())
              .setPaymentId(asked.getCapture().getPaymentId())
              .setMerchantAccount(asked.getCapture().getMerchantAccount());
      case VOID ->
          question
              .setTenant(asked.getVoid().getTenant())
              .setPaymentId(asked.getVoid().getPaymentId())
              .setMerchantAccount(asked.getVoid().getMerchantAccount());
      case REFUND ->
          question
              .setTenant(asked.getRefund().getTenant())
              .setPaymentId(asked.getRefund().getPaymentId())
              .setMerchantAccount(asked.getRefund().getMerchantAccount());
      case GET_OPERATION, CALL_NOT_SET -> throw notAnOperation(asked);
    }
    return ConnectorCall.newBuilder().setGetOperation(question).build();
  }

  /** The call with the deadline of this attempt; everything else stays as the intent has it. */
  static ConnectorCall withDeadline(ConnectorCall call, Instant deadline) {
    ConnectorCall.Builder timed = call.toBuilder();
    switch (call.getCallCase()) {
      case AUTHORIZE -> timed.getAuthorizeBuilder().setDeadline(Times.toProto(deadline));
      case CAPTURE -> timed.getCaptureBuilder().setDeadline(Times.toProto(deadline));
      case VOID -> timed.getVoidBuilder().setDeadline(Times.toProto(deadline));
      case REFUND -> timed.getRefundBuilder().setDeadline(Times.toProto(deadline));
      case GET_OPERATION -> timed.getGetOperationBuilder().setDeadline(Times.toProto(deadline));
      case CALL_NOT_SET -> throw notAnOperation(call);
    }
    return timed.build();
  }

  static String keyOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> call.getAuthorize().getOperationKey();
      case CAPTURE -> call.getCapture().getOperationKey();
      case VOID -> call.getVoid().getOperationKey();
      case REFUND -> call.getRefund().getOperationKey();
      case GET_OPERATION, CALL_NOT_SET -> throw notAnOperation(call);
    };
  }

  static OperationKind kindOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> OperationKind.OPERATION_KIND_AUTHORIZE;
      case CAPTURE -> OperationKind.OPERATION_KIND_CAPTURE;
      case VOID -> OperationKind.OPERATION_KIND_VOID;
      case REFUND -> OperationKind.OPERATION_KIND_REFUND;
      case GET_OPERATION, CALL_NOT_SET -> throw notAnOperation(call);
    };
  }

  static Money amountOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> call.getAuthorize().getAmount();
      case CAPTURE -> call.getCapture().getAmount();
      case VOID -> call.getVoid().getAmount();
      case REFUND -> call.getRefund().getAmount();
      case GET_OPERATION, CALL_NOT_SET -> throw notAnOperation(call);
    };
  }

  private static boolean isBooked(TransferKind kind, TransferResult result) {
    return switch (result) {
      case TRANSFER_RESULT_CREATED, TRANSFER_RESULT_EXISTS -> true;
      // Nothing is held, and the ledger remembers that nothing ever will be.
      case TRANSFER_RESULT_HOLD_NOT_FOUND, TRANSFER_RESULT_HOLD_ALREADY_VOIDED ->
          kind == TransferKind.TRANSFER_KIND_VOID_HOLD;
      default -> false;
    };
  }

  private static boolean isRefusal(TransferResult result) {
    return switch (result) {
      case TRANSFER_RESULT_DEBIT_ACCOUNT_CLOSED,
          TRANSFER_RESULT_CREDIT_ACCOUNT_CLOSED,
          TRANSFER_RESULT_EXCEEDS_CREDITS,
          TRANSFER_RESULT_EXCEEDS_DEBITS,
          TRANSFER_RESULT_OVERFLOW ->
          true;
      default -> false;
    };
  }

  private static String code(String reasonCode) {
    return reasonCode.isEmpty() ? "DECLINED" : reasonCode;
  }

  private static IllegalArgumentException notAnOperation(ConnectorCall call) {
    return new IllegalArgumentException("not an operation: " + call.getCallCase());
  }
}
