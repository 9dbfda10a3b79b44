package dev.ducat.saga;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/** What arrives in a payment lane's mailbox. */
sealed interface PaymentMessage {
  /** The unit it is for. */
  ShardUnit unit();

  /** A client wants something done under an idempotency key, and waits for it. */
  abstract sealed class Asking implements PaymentMessage permits Create, Operate {
    private final ShardUnit unit;
    private final ShardRequest request;
    private final Promise<ShardReply> reply = Promise.promise();
    // Both belong to the lane's thread.
    private boolean impatient;
    private boolean replayed;

    private Asking(ShardUnit unit, ShardRequest request) {
      this.unit = unit;
      this.request = request;
      this.impatient = request.getWaitMs() <= 0;
    }

    @Override
    public ShardUnit unit() {
      return unit;
    }

    ShardRequest request() {
      return request;
    }

    Promise<ShardReply> reply() {
      return reply;
    }

    String tenant() {
      return request.getTenant();
    }

    /** The idempotency key, in its scope. */
    abstract PaymentBook.Key key();

    abstract ByteString canonical();

    abstract ByteString fingerprint();

    /** Answer after the commit, rested or not. */
    boolean isImpatient() {
      return impatient;
    }

    void losePatience() {
      impatient = true;
    }

    boolean isReplayed() {
      return replayed;
    }

    void markReplayed() {
      replayed = true;
    }
  }

  /** A client wants a payment. */
  final class Create extends Asking {
    private final PaymentBook.Key key;

    Create(ShardUnit unit, ShardRequest request) {
      super(unit, request);
      this.key =
          PaymentBook.Key.ofCreate(
              request.getTenant(), request.getCreate().getRequest().getIdempotencyKey());
    }

    @Override
    PaymentBook.Key key() {
      return key;
    }

    /** The windows of velocity limits in which it would count. */
    Map<Limits.Window, Long> windows(Limits limits, Instant now) {
      CreatePaymentRequest asked = request().getCreate().getRequest();
      return limits.windowsOf(
          tenant(), asked.getMerchantAccount(), asked.getAmount().getCurrencyCode(), now);
    }

    @Override
    ByteString canonical() {
      return request().getCreate().getCanonical();
    }

    @Override
    ByteString fingerprint() {
      return request().getCreate().getFingerprint();
    }
  }

  /** A client wants something done about a payment that exists. */
  final class Operate extends Asking {
    private final PaymentId paymentId;
    private final PaymentBook.Key key;

    Operate(ShardUnit unit, ShardRequest request, PaymentId paymentId) {
      super(unit, request);
      this.paymentId = paymentId;
      this.key =
          PaymentBook.Key.ofOperation(
              request.getTenant(),
              OperationRules.kindOf(command()),
              paymentId,
              OperationRules.keyOf(command()));
    }

    OperationCommand command() {
      return request().getOperate();
    }

    PaymentId paymentId() {
      return paymentId;
    }

    @Override
    PaymentBook.Key key() {
      return key;
    }

    @Override
    ByteString canonical() {
      return command().getCanonical();
    }

    @Override
    ByteString fingerprint() {
      return command().getFingerprint();
    }
  }

  /**
   * A connector reports what became of an operation.
   *
   * @param sagaId the saga whose operation it is, by the operation's key
   */
  record Report(ShardUnit unit, ShardRequest request, UUID sagaId, Promise<ShardReply> reply)
      implements PaymentMessage {}

  /** A person decides about a saga. */
  record Attend(ShardUnit unit, ShardRequest request, UUID sagaId, Promise<ShardReply> reply)
      implements PaymentMessage {}

  /** The client's wait is over: it is told how things stand. */
  record WaitOver(Asking asking) implements PaymentMessage {
    @Override
    public ShardUnit unit() {
      return asking.unit();
    }
  }

  /**
   * An action came back. Good for the saga at the version at which the action began, and for no
   * other.
   */
  record Returned(
      ShardUnit unit, UUID sagaId, long version, Outcome outcome, Instant started, Duration took)
      implements PaymentMessage {}

  /** A saga's timer. */
  record Due(ShardUnit unit, UUID sagaId, long version) implements PaymentMessage {}

  /** Somebody reads what a saga is in doubt about: it need not wait for its timer. */
  record Nudge(ShardUnit unit, UUID sagaId) implements PaymentMessage {}

  /** Look for overdue sagas that memory lacks. */
  record Scan(ShardUnit unit) implements PaymentMessage {}
}
