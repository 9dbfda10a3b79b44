package dev.ducat.ledger;

import dev.ducat.proto.ledger.v1.TransferResult;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What became of one transfer.
 *
 * @param transfer as stored, where it is
 */
record Outcome(UUID id, TransferResult result, @Nullable BookedTransfer transfer) {
  static Outcome failed(TransferCommand command, TransferResult result) {
    return new Outcome(command.id(), result, null);
  }

  boolean isSuccess() {
    return result == TransferResult.TRANSFER_RESULT_CREATED
        || result == TransferResult.TRANSFER_RESULT_EXISTS;
  }
}
