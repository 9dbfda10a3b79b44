package dev.ducat.ledger;

import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferResult;
import org.jspecify.annotations.Nullable;

/** What the books know under a transfer id. */
sealed interface Entry {
  /**
   * A transfer was booked.
   *
   * @param resolvedBy how the hold that this is was resolved; null while it is open, and where it
   *     is no hold
   */
  record Booked(BookedTransfer transfer, @Nullable TransferKind resolvedBy) implements Entry {
    boolean isHold() {
      return transfer.kind() == TransferKind.TRANSFER_KIND_HOLD;
    }
  }

  /** A transfer failed for good: the same content gets the same result ever after. */
  record Failed(TransferCommand command, TransferResult result) implements Entry {}

  /** A hold of this id was voided before it came. */
  record Voided() implements Entry {}
}
