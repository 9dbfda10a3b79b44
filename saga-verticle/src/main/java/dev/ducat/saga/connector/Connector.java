package dev.ducat.saga.connector;

import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.ConnectorCall;
import io.vertx.core.Future;

/**
 * A way to a payment service provider. Served on the bus as {@code connector.<name>}, on the asking
 * node only.
 *
 * <p>An operation key takes effect at most once, whatever is repeated, concurrent or late.
 */
public interface Connector {
  /** Lower-case name, the last part of its bus address. */
  String name();

  /**
   * Carries an operation out, or says what became of one.
   *
   * @return the PSP's answer. A failure, or no answer at all, means that the operation may have
   *     happened.
   */
  Future<OperationResult> call(ConnectorCall call);

  /** Ends it; calls in flight may go unanswered. */
  Future<Void> close();
}
