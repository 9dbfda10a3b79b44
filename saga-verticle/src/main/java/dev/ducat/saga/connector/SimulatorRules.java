package dev.ducat.saga.connector;

import dev.ducat.proto.connector.v1.AuthorizeRequest;
import dev.ducat.proto.connector.v1.CaptureRequest;
import dev.ducat.proto.connector.v1.RefundRequest;
import dev.ducat.proto.connector.v1.VoidRequest;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.saga.connector.JournalEntry.Kind;
import dev.ducat.saga.connector.JournalEntry.Result;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the simulated PSP decides, from its books alone: deterministic, and once per operation key.
 */
final class SimulatorRules {
  private SimulatorRules() {}

  /**
   * The line that a new operation adds to the journal; null when it adds none, because its key is
   * known already or it only asks.
   */
  static @Nullable JournalEntry decide(SimulatorBooks books, ConnectorCall call, Instant now) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> authorize(books, call.getAuthorize(), now);
      case CAPTURE -> capture(books, call.getCapture(), now);
      case VOID -> release(books, call.getVoid(), now);
      case REFUND -> refund(books, call.getRefund(), now);
      case GET_OPERATION, CALL_NOT_SET -> null;
    };
  }

  private static @Nullable JournalEntry authorize(
      SimulatorBooks books, AuthorizeRequest request, Instant now) {
    String key = request.getOperationKey();
    if (books.finished(key) != null) {
      return null;
    }
    if (books.isVoided(key)) {
      return authorize(request, Result.DECLINED, "VOIDED", now);
    }
    return switch (SimulatorMethod.parse(request.getPaymentMethod())) {
      case null -> authorize(request, Result.DECLINED, "UNKNOWN_PAYMENT_METHOD", now);
      case SimulatorMethod.DeclineAuthorize declined ->
          authorize(request, Result.DECLINED, declined.reason(), now);
      case SimulatorMethod.Errors errors ->
          books.errors(key) < errors.count()
              ? authorize(request, Result.RETRYABLE, "SIMULATED_ERROR", now)
              : authorize(request, Result.DONE, "", now);
      case SimulatorMethod.Ok ok -> authorize(request, Result.DONE, "", now);
      case SimulatorMethod.DeclineCapture later -> authorize(request, Result.DONE, "", now);
      case SimulatorMethod.Slow slow -> authorize(request, Result.DONE, "", now);
      case SimulatorMethod.Silent silent -> authorize(request, Result.DONE, "", now);
      case SimulatorMethod.WrongAmount wrong -> authorize(request, Result.DONE, "", now);
    };
  }

  private static JournalEntry authorize(
      AuthorizeRequest request, Result result, String detail, Instant now) {
    return new JournalEntry(
        now,
        request.getOperationKey(),
        Kind.AUTHORIZE,
        result,
        request.getPaymentId(),
        "",
        request.getAmount().getMinorUnits(),
        request.getAmount().getCurrencyCode(),
        detail);
  }

  private static @Nullable JournalEntry capture(
      SimulatorBooks books, CaptureRequest request, Instant now) {
    if (books.finished(request.getOperationKey()) != null) {
      return null;
    }
    String authorization = request.getAuthorizationKey();
    long amount = request.getAmount().getMinorUnits();
    String refusal;
    if (SimulatorMethod.parse(request.getPaymentMethod())
        instanceof SimulatorMethod.DeclineCapture) {
      refusal = "DECLINED";
    } else if (books.isVoided(authorization)) {
      refusal = "AUTHORIZATION_VOIDED";
    } else if (!books.isAuthorized(authorization)) {
      refusal = "AUTHORIZATION_NOT_FOUND";
    } else {
      refusal = amount > books.capturable(authorization) ? "AMOUNT_EXCEEDED" : "";
    }
    return new JournalEntry(
        now,
        request.getOperationKey(),
        Kind.CAPTURE,
        refusal.isEmpty() ? Result.DONE : Result.DECLINED,
        request.getPaymentId(),
        authorization,
        amount,
        request.getAmount().getCurrencyCode(),
        refusal);
  }

  private static @Nullable JournalEntry release(
      SimulatorBooks books, VoidRequest request, Instant now) {
    if (books.finished(request.getOperationKey()) != null) {
      return null;
    }
    String authorization = request.getAuthorizationKey();
    return new JournalEntry(
        now,
        request.getOperationKey(),
        Kind.VOID,
        books.isAuthorized(authorization) ? Result.DONE : Result.TOMBSTONE,
        request.getPaymentId(),
        authorization,
        books.capturable(authorization),
        request.getAmount().getCurrencyCode(),
        "");
  }

  private static @Nullable JournalEntry refund(
      SimulatorBooks books, RefundRequest request, Instant now) {
    if (books.finished(request.getOperationKey()) != null) {
      return null;
    }
    String authorization = request.getAuthorizationKey();
    long amount = request.getAmount().getMinorUnits();
    boolean covered = amount <= books.refundable(authorization);
    return new JournalEntry(
        now,
        request.getOperationKey(),
        Kind.REFUND,
        covered ? Result.DONE : Result.DECLINED,
        request.getPaymentId(),
        authorization,
        amount,
        request.getAmount().getCurrencyCode(),
        covered ? "" : "AMOUNT_EXCEEDED");
  }
}
