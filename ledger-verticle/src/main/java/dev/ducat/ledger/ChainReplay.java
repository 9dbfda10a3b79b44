package dev.ducat.ledger;

import static dev.ducat.proto.operations.v1.LedgerFindingKind.LEDGER_FINDING_KIND_CHAIN_BROKEN;

import dev.ducat.kernel.outbox.OutboxStore.StreamHead;
import dev.ducat.kernel.shard.UnitKind;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The hash chain of one lane, computed anew. After a break it goes on from the hash that is stored,
 * so that one changed transfer is one finding and not all that come after it.
 */
final class ChainReplay {
  private final LedgerChain chain;
  private final int lane;
  private final int lanes;
  private final LedgerFindings findings;
  private byte @Nullable [] previous;
  private long count;

  /**
   * A chain before its first transfer.
   *
   * @param lanes how many the installation has
   */
  ChainReplay(LedgerChain chain, int lane, int lanes, LedgerFindings findings) {
    this.chain = chain;
    this.lane = lane;
    this.lanes = lanes;
    this.findings = findings;
  }

  /** The lane's next transfer. */
  void next(BookedTransfer transfer, byte[] stored) {
    if (!Arrays.equals(chain.link(previous, transfer), stored)) {
      broken(
          transfer.tenant(),
          transfer.id(),
          "its hash is not that of its content after the transfer before it: it was changed or"
              + " moved, or the one before it was");
    }
    int home = UnitKind.hash(lanes, transfer.tenant());
    if (home != lane) {
      broken(transfer.tenant(), transfer.id(), "the books of its tenant are kept by lane " + home);
    }
    previous = stored;
    count++;
  }

  /** The lane's next transfer, of which nothing more can be read. */
  void unreadable(String tenant, UUID id, byte[] stored, String why) {
    broken(tenant, id, "no lane has written this row: " + why);
    previous = stored;
    count++;
  }

  /** All transfers have come; the lane says that it stands at {@code head}. */
  void end(@Nullable StreamHead head) {
    if (head == null) {
      findings.add(
          LEDGER_FINDING_KIND_CHAIN_BROKEN,
          "lane " + lane + ": there are " + count + " transfers and no such lane");
      return;
    }
    if (head.head() != count) {
      findings.add(
          LEDGER_FINDING_KIND_CHAIN_BROKEN,
          "lane " + lane + ": it booked " + head.head() + " transfers, " + count + " are there");
    }
    byte[] last = head.chain() == null ? null : head.chain().getBytes();
    if (!Arrays.equals(last, previous)) {
      findings.add(
          LEDGER_FINDING_KIND_CHAIN_BROKEN,
          "lane " + lane + ": the last hash of its stream is not that of its last transfer");
    }
  }

  private void broken(String tenant, UUID id, String what) {
    findings.add(LEDGER_FINDING_KIND_CHAIN_BROKEN, tenant, id, "lane " + lane + ": " + what);
  }
}
