package dev.ducat.ledger;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.proto.operations.v1.LedgerFinding;
import dev.ducat.proto.operations.v1.LedgerFindingKind;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a verification finds, said in the words of the contract. */
final class LedgerFindings {
  private final Consumer<LedgerFinding> to;

  LedgerFindings(Consumer<LedgerFinding> to) {
    this.to = to;
  }

  /** About a transfer, and nothing else. */
  void add(LedgerFindingKind kind, String tenant, UUID transfer, String message) {
    to.accept(
        LedgerFinding.newBuilder()
            .setKind(kind)
            .setTenant(tenant)
            .setTransferId(IdKind.TRANSFER.text(transfer))
            .setMessage(message)
            .build());
  }

  /**
   * About an account.
   *
   * @param transfer where it shows first; null where none shows it
   */
  void add(LedgerFindingKind kind, AccountKey account, @Nullable UUID transfer, String message) {
    to.accept(
        LedgerFinding.newBuilder()
            .setKind(kind)
            .setTenant(account.tenant())
            .setAccount(account.name())
            .setCurrencyCode(account.currency())
            .setTransferId(transfer == null ? "" : IdKind.TRANSFER.text(transfer))
            .setMessage(message)
            .build());
  }

  /** About a lane as a whole. */
  void add(LedgerFindingKind kind, String message) {
    to.accept(LedgerFinding.newBuilder().setKind(kind).setMessage(message).build());
  }
}
