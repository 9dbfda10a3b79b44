package dev.ducat.saga;

import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/** What arrives in a payment lane's mailbox. */
sealed interface PaymentMessage {
  /** The unit it is for. */
  ShardUnit unit();

  /** A client wants a payment. */
  final class Create implements PaymentMessage {
    private final ShardUnit unit;
    private final ShardRequest request;
    private final Promise<ShardReply> reply = Promise.promise();
    // Both belong to the lane's thread.
    private boolean impatient;
    private boolean replayed;

    Create(ShardUnit unit, ShardRequest request) {
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

    String key() {
      return request.getCreate().getRequest().getIdempotencyKey();
    }

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

  /** The client's wait is over: it is told how the payment stands. */
  record WaitOver(Create create) implements PaymentMessage {
    @Override
    public ShardUnit unit() {
      return create.unit();
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

  /** Look for overdue sagas that memory lacks. */
  record Scan(ShardUnit unit) implements PaymentMessage {}
}
