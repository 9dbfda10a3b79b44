package dev.ducat.ledger;

import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferResult;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A transfer to be decided: {@link NewTransfer} with its ids read and its form checked.
 *
 * @param debit name of the account; may be empty for resolutions of a hold
 * @param credit likewise
 * @param amount minor units; null when none was given, which for a post of a hold means all of it
 * @param currency empty when no amount was given
 * @param linked chained to the next one, or by the whole group's being atomic
 * @param request as it was sent, kept when the id is refused for good
 */
record TransferCommand(
    UUID id,
    TransferKind kind,
    String debit,
    String credit,
    @Nullable Long amount,
    String currency,
    @Nullable UUID holdId,
    boolean linked,
    boolean keepRemainder,
    @Nullable UUID remainderId,
    String reference,
    String description,
    @Nullable Instant expiresAt,
    NewTransfer request) {

  boolean isResolution() {
    return kind == TransferKind.TRANSFER_KIND_POST_HOLD
        || kind == TransferKind.TRANSFER_KIND_VOID_HOLD
        || kind == TransferKind.TRANSFER_KIND_EXPIRE_HOLD;
  }

  /**
   * What this asks for that an earlier request under the same id did not, in order of precedence;
   * null when nothing. {@code linked} is how a transfer was sent, not what it is.
   */
  @Nullable TransferResult differenceFrom(TransferCommand earlier) {
    if (kind != earlier.kind) {
      return TransferResult.TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_KIND;
    }
    if (!Objects.equals(holdId, earlier.holdId)) {
      return TransferResult.TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_HOLD_ID;
    }
    if (!debit.equals(earlier.debit)) {
      return TransferResult.TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT;
    }
    if (!credit.equals(earlier.credit)) {
      return TransferResult.TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT;
    }
    if (!Objects.equals(amount, earlier.amount) || !currency.equals(earlier.currency)) {
      return TransferResult.TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_AMOUNT;
    }
    if (keepRemainder != earlier.keepRemainder
        || !Objects.equals(remainderId, earlier.remainderId)) {
      return TransferResult.TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_REMAINDER;
    }
    if (!Objects.equals(expiresAt, earlier.expiresAt)) {
      return TransferResult.TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_HOLD_EXPIRE_TIME;
    }
    if (!reference.equals(earlier.reference)) {
      return TransferResult.TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_REFERENCE;
    }
    if (!description.equals(earlier.description)) {
      return TransferResult.TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_DESCRIPTION;
    }
    return null;
  }
}
