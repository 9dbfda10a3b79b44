package dev.ducat.ledger;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.proto.ledger.v1.Transfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.type.v1.Money;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A transfer as it stands in the books. Never changed.
 *
 * @param amount minor units, greater than 0: what was moved, held, posted of a hold, or released
 * @param bookedAt later than any other transfer of the lane before it
 */
record BookedTransfer(
    String tenant,
    UUID id,
    TransferKind kind,
    Side debit,
    Side credit,
    long amount,
    String currency,
    @Nullable UUID holdId,
    boolean linked,
    boolean keepRemainder,
    @Nullable UUID remainderId,
    String reference,
    String description,
    @Nullable Instant expiresAt,
    Instant bookedAt) {

  /**
   * One side of a transfer.
   *
   * @param after the account's counters just after it
   */
  record Side(UUID accountId, String name, Counters after) {}

  BookedTransfer {
    if (amount <= 0 || debit.accountId().equals(credit.accountId())) {
      throw new IllegalArgumentException("not a transfer: " + amount + " within one account");
    }
  }

  TransferKey key() {
    return new TransferKey(tenant, id);
  }

  AccountKey debitKey() {
    return new AccountKey(tenant, debit.name(), currency);
  }

  AccountKey creditKey() {
    return new AccountKey(tenant, credit.name(), currency);
  }

  Transfer toProto() {
    Transfer.Builder transfer =
        Transfer.newBuilder()
            .setTransferId(IdKind.TRANSFER.text(id))
            .setKind(kind)
            .setDebitAccount(debit.name())
            .setCreditAccount(credit.name())
            .setAmount(Money.newBuilder().setCurrencyCode(currency).setMinorUnits(amount))
            .setLinked(linked)
            .setKeepRemainder(keepRemainder)
            .setReference(reference)
            .setDescription(description)
            .setTimestamp(Wire.timestamp(bookedAt))
            .setDebitAccountAfter(debit.after().toProto())
            .setCreditAccountAfter(credit.after().toProto());
    if (holdId != null) {
      transfer.setHoldId(IdKind.TRANSFER.text(holdId));
    }
    if (remainderId != null) {
      transfer.setRemainderHoldId(IdKind.TRANSFER.text(remainderId));
    }
    if (expiresAt != null) {
      transfer.setHoldExpireTime(Wire.timestamp(expiresAt));
    }
    return transfer.build();
  }
}
