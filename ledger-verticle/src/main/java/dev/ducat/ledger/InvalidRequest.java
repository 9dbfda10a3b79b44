package dev.ducat.ledger;

import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;

/** A request whose form is wrong, so that nothing in it was looked at further. */
final class InvalidRequest extends RuntimeException {
  private final String field;

  InvalidRequest(String field, String message) {
    super(message, null, false, false);
    this.field = field;
  }

  /** The same about a part of {@code outer}. */
  InvalidRequest within(String outer) {
    return new InvalidRequest(outer + "." + field, String.valueOf(getMessage()));
  }

  Refusal toRefusal() {
    return Refusals.of(
        RefusalReason.REFUSAL_REASON_INVALID_ARGUMENT, field, String.valueOf(getMessage()));
  }
}
