package dev.ducat.saga.connector;

import dev.ducat.proto.connector.v1.AuthorizeRequest;
import dev.ducat.proto.connector.v1.CaptureRequest;
import dev.ducat.proto.connector.v1.RefundRequest;
import dev.ducat.proto.connector.v1.VoidRequest;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.type.v1.Money;
import dev.ducat.saga.connector.JournalEntry.Kind;
import dev.ducat.saga.connector.JournalEntry.Result;
import java.time.Instant;
import java.util.function.Consumer;

/**
 * What the simulated PSP decides, from its books alone: deterministic, and once per operation key.
 * Each line is drafted into the books as it is decided.
 */
final class SimulatorRules {
  /** The detail of a line whose operation is never spoken of. */
  static final String UNANSWERED = "UNANSWERED";

  /** The reason of an authorize whose void came before it. */
  static final String VOIDED = "VOIDED";

  private final SimulatorBooks books;
  private final Instant now;
  private final Consumer<JournalLine> added;

  /**
   * Rules for one turn.
   *
   * @param added gets each new line of the journal, in order
   */
  SimulatorRules(SimulatorBooks books, Instant now, Consumer<JournalLine> added) {
    this.books = books;
    this.now = now;
    this.added = added;
  }

  /** Carries a call out, unless its key was decided before or it only asks. */
  void take(ConnectorCall call) {
    switch (call.getCallCase()) {
      case AUTHORIZE -> authorize(call.getAuthorize());
      case CAPTURE -> capture(call.getCapture());
      case VOID -> release(call.getVoid());
      case REFUND -> refund(call.getRefund());
      case GET_OPERATION -> decidePending(call.getGetOperation().getOperationKey());
      case CALL_NOT_SET -> {}
    }
  }

  /** Decides an operation that is pending, where its time has come. */
  void decidePending(String key) {
    JournalLine pending = books.operation(key);
    if (pending == null || !pending.isPending()) {
      return;
    }
    Standing standing = books.standing(key);
    JournalEntry asked = pending.entry();
    if (standing.voided()) {
      add(pending, asked, Result.DECLINED, VOIDED, standing);
    } else if (pending.due() == null || !now.isBefore(pending.due())) {
      add(
          pending,
          asked,
          Result.DONE,
          "",
          standing.afterAuthorize(asked.currency(), asked.amount()));
    }
  }

  private void add(
      JournalLine pending, JournalEntry asked, Result result, String detail, Standing standing) {
    write(
        new JournalLine(
            new JournalEntry(
                now,
                asked.operationKey(),
                asked.kind(),
                result,
                asked.paymentId(),
                asked.authorizationKey(),
                asked.amount(),
                asked.currency(),
                detail),
            pending.tenant(),
            null,
            pending.errors(),
            standing));
  }

  private void authorize(AuthorizeRequest request) {
    String key = request.getOperationKey();
    JournalLine known = books.operation(key);
    if (known != null && !known.isRetryable()) {
      decidePending(key);
      return;
    }
    Standing standing = books.standing(key);
    int errors = known == null ? 0 : known.errors();
    if (standing.voided()) {
      authorized(request, Result.DECLINED, VOIDED, errors);
      return;
    }
    if (request.getAmount().getMinorUnits() <= 0) {
      authorized(request, Result.DECLINED, "INVALID_AMOUNT", errors);
      return;
    }
    switch (SimulatorMethod.parse(request.getPaymentMethod())) {
      case null -> authorized(request, Result.DECLINED, "UNKNOWN_PAYMENT_METHOD", errors);
      case SimulatorMethod.DeclineAuthorize declined ->
          authorized(request, Result.DECLINED, declined.reason(), errors);
      case SimulatorMethod.Errors wanted -> {
        boolean again = errors < wanted.count();
        authorized(
            request,
            again ? Result.RETRYABLE : Result.DONE,
            again ? "SIMULATED_ERROR" : "",
            again ? errors + 1 : errors);
      }
      case SimulatorMethod.Action action -> pending(request, action.afterMs());
      case SimulatorMethod.UnknownForever never ->
          authorized(request, Result.DONE, UNANSWERED, errors);
      case SimulatorMethod.WrongAmount wrong -> authorized(request, Result.DONE, "", errors);
      case SimulatorMethod.Ok ok -> authorized(request, Result.DONE, "", errors);
      case SimulatorMethod.DeclineCapture later -> authorized(request, Result.DONE, "", errors);
      case SimulatorMethod.Slow slow -> authorized(request, Result.DONE, "", errors);
      case SimulatorMethod.Silent silent -> authorized(request, Result.DONE, "", errors);
      case SimulatorMethod.Late late -> authorized(request, Result.DONE, "", errors);
    }
  }

  private void authorized(AuthorizeRequest request, Result result, String detail, int errors) {
    Money amount = request.getAmount();
    Standing before = books.standing(request.getOperationKey());
    write(
        new JournalLine(
            entry(request, result, detail),
            request.getTenant(),
            null,
            errors,
            result == Result.DONE
                ? before.afterAuthorize(amount.getCurrencyCode(), amount.getMinorUnits())
                : before));
  }

  private void pending(AuthorizeRequest request, long afterMs) {
    write(
        new JournalLine(
            entry(request, Result.PENDING, ""),
            request.getTenant(),
            now.plusMillis(afterMs),
            0,
            Standing.NOTHING));
  }

  private JournalEntry entry(AuthorizeRequest request, Result result, String detail) {
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

  private void capture(CaptureRequest request) {
    if (books.operation(request.getOperationKey()) != null) {
      return;
    }
    String authorization = request.getAuthorizationKey();
    decidePending(authorization);
    Standing standing = books.standing(authorization);
    Money amount = request.getAmount();
    String refusal;
    if (SimulatorMethod.parse(request.getPaymentMethod())
        instanceof SimulatorMethod.DeclineCapture) {
      refusal = "DECLINED";
    } else if (standing.voided()) {
      refusal = "AUTHORIZATION_VOIDED";
    } else if (!standing.isAuthorized()) {
      refusal = "AUTHORIZATION_NOT_FOUND";
    } else {
      refusal = refusal(amount, standing, standing.capturable());
    }
    boolean done = refusal.isEmpty();
    write(
        new JournalLine(
            new JournalEntry(
                now,
                request.getOperationKey(),
                Kind.CAPTURE,
                done ? Result.DONE : Result.DECLINED,
                request.getPaymentId(),
                authorization,
                amount.getMinorUnits(),
                amount.getCurrencyCode(),
                refusal),
            request.getTenant(),
            null,
            0,
            done ? standing.afterCapture(amount.getMinorUnits()) : standing));
  }

  private void release(VoidRequest request) {
    if (books.operation(request.getOperationKey()) != null) {
      return;
    }
    String authorization = request.getAuthorizationKey();
    decidePending(authorization);
    Standing standing = books.standing(authorization);
    write(
        new JournalLine(
            new JournalEntry(
                now,
                request.getOperationKey(),
                Kind.VOID,
                standing.isAuthorized() ? Result.DONE : Result.TOMBSTONE,
                request.getPaymentId(),
                authorization,
                standing.capturable(),
                standing.isAuthorized()
                    ? standing.currency()
                    : request.getAmount().getCurrencyCode(),
                ""),
            request.getTenant(),
            null,
            0,
            standing.afterVoid()));
    decidePending(authorization);
  }

  private void refund(RefundRequest request) {
    if (books.operation(request.getOperationKey()) != null) {
      return;
    }
    Standing standing = books.standing(request.getAuthorizationKey());
    Money amount = request.getAmount();
    String refusal =
        standing.isAuthorized()
            ? refusal(amount, standing, standing.refundable())
            : "CAPTURE_NOT_FOUND";
    boolean done = refusal.isEmpty();
    write(
        new JournalLine(
            new JournalEntry(
                now,
                request.getOperationKey(),
                Kind.REFUND,
                done ? Result.DONE : Result.DECLINED,
                request.getPaymentId(),
                request.getAuthorizationKey(),
                amount.getMinorUnits(),
                amount.getCurrencyCode(),
                refusal),
            request.getTenant(),
            null,
            0,
            done ? standing.afterRefund(amount.getMinorUnits()) : standing));
  }

  private static String refusal(Money amount, Standing standing, long limit) {
    if (!amount.getCurrencyCode().equals(standing.currency())) {
      return "CURRENCY_MISMATCH";
    }
    if (amount.getMinorUnits() <= 0) {
      return "INVALID_AMOUNT";
    }
    return amount.getMinorUnits() > limit ? "AMOUNT_EXCEEDED" : "";
  }

  private void write(JournalLine line) {
    books.draft(line);
    added.accept(line);
  }
}
