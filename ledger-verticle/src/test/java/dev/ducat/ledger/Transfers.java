package dev.ducat.ledger;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.type.v1.Money;
import java.util.List;
import java.util.UUID;

/** Requests as callers write them. Ids are numbers here: {@code id(7)} is always the same id. */
final class Transfers {
  static final String TENANT = "acme";

  private Transfers() {}

  static UUID uuid(long number) {
    return new UUID(0x0190_0000_0000_7000L, 0x8000_0000_0000_0000L | number);
  }

  static String id(long number) {
    return IdKind.TRANSFER.text(uuid(number));
  }

  static Money eur(long minorUnits) {
    return money("EUR", minorUnits);
  }

  static Money money(String currency, long minorUnits) {
    return Money.newBuilder().setCurrencyCode(currency).setMinorUnits(minorUnits).build();
  }

  static NewTransfer.Builder post(long id, String debit, String credit, long amount) {
    return NewTransfer.newBuilder()
        .setTransferId(id(id))
        .setKind(TransferKind.TRANSFER_KIND_POST)
        .setDebitAccount(debit)
        .setCreditAccount(credit)
        .setAmount(eur(amount));
  }

  static NewTransfer.Builder hold(long id, String debit, String credit, long amount) {
    return post(id, debit, credit, amount).setKind(TransferKind.TRANSFER_KIND_HOLD);
  }

  /** All of the hold. */
  static NewTransfer.Builder postHold(long id, long hold) {
    return NewTransfer.newBuilder()
        .setTransferId(id(id))
        .setKind(TransferKind.TRANSFER_KIND_POST_HOLD)
        .setHoldId(id(hold));
  }

  /** A part of the hold; the rest is released. */
  static NewTransfer.Builder postHold(long id, long hold, long amount) {
    return postHold(id, hold).setAmount(eur(amount));
  }

  /** A part of the hold; the rest stays held. */
  static NewTransfer.Builder postHold(long id, long hold, long amount, long remainder) {
    return postHold(id, hold, amount).setKeepRemainder(true).setRemainderHoldId(id(remainder));
  }

  static NewTransfer.Builder voidHold(long id, long hold) {
    return NewTransfer.newBuilder()
        .setTransferId(id(id))
        .setKind(TransferKind.TRANSFER_KIND_VOID_HOLD)
        .setHoldId(id(hold));
  }

  /** A client's group. */
  static TransferGroup client(NewTransfer.Builder... transfers) {
    return group(false, List.of(transfers));
  }

  /** A saga's group. */
  static TransferGroup platform(NewTransfer.Builder... transfers) {
    return group(true, List.of(transfers));
  }

  private static TransferGroup group(boolean platform, List<NewTransfer.Builder> transfers) {
    TransferGroup.Builder group =
        TransferGroup.newBuilder().setTenant(TENANT).setPlatform(platform);
    transfers.forEach(group::addTransfers);
    return group.build();
  }
}
