package dev.ducat.ledger;

import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.outbox.OutboxStore.StreamHead;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.ledger.LedgerVerifyStore.StoredTransfer;
import dev.ducat.proto.operations.v1.LedgerFinding;
import dev.ducat.proto.operations.v1.VerifyLedgerResponse;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One verification of the books, on a virtual thread of its own. Others ask how far it is; when
 * nobody has asked for a while it ends, because it keeps Postgres from cleaning up behind it.
 */
final class LedgerVerification {
  private static final Logger LOG = LoggerFactory.getLogger(LedgerVerification.class);

  private static final int FINDINGS_MAX = 1_000;
  private static final Duration UNASKED_MAX = Duration.ofSeconds(30);

  /** Nobody waits for this verification any more. */
  private static final class Abandoned extends RuntimeException {
    Abandoned() {
      super("nobody asks", null, false, false);
    }
  }

  private final Node node;
  private final LedgerSettings settings;
  private final String tenant;
  private final Promise<Void> ended = Promise.promise();
  private final LedgerFindings findings = new LedgerFindings(this::found);

  // Guarded by this.
  private final List<LedgerFinding> fresh = new ArrayList<>();
  private long transfersChecked;
  private long transfersTotal;
  private long accountsChecked;
  private long findingsTotal;
  private boolean done;
  private boolean canceled;
  private long askedNanos;

  /**
   * A verification that has not begun.
   *
   * @param tenant whose books; empty for all
   */
  LedgerVerification(Node node, LedgerSettings settings, String tenant) {
    this.node = node;
    this.settings = settings;
    this.tenant = tenant;
    this.askedNanos = node.clock().monotonicNanos();
  }

  void begin(Vertx vertx) {
    Thread.ofVirtual().name("ledger-verification").start(() -> run(vertx));
  }

  /** Completes when it has ended: fails where it has proved nothing. */
  Future<Void> ended() {
    return ended.future();
  }

  /** How far it is, with what was found since the last time. */
  synchronized VerifyLedgerResponse progress() {
    askedNanos = node.clock().monotonicNanos();
    VerifyLedgerResponse progress =
        VerifyLedgerResponse.newBuilder()
            .setTransfersChecked(transfersChecked)
            .setTransfersTotal(transfersTotal)
            .setAccountsChecked(accountsChecked)
            .addAllFindings(fresh)
            .setFindingsTotal(findingsTotal)
            .setDone(done)
            .build();
    fresh.clear();
    return progress;
  }

  synchronized void cancel() {
    canceled = true;
  }

  private void run(Vertx vertx) {
    try {
      try (LedgerVerifyStore store = LedgerVerifyStore.open(vertx, node.postgres())) {
        verify(store);
      }
      ended.complete();
    } catch (Abandoned quietly) {
      ended.fail(quietly);
    } catch (RuntimeException failed) {
      LOG.warn("the books could not be verified to the end", failed);
      ended.fail(failed);
    }
  }

  private void verify(LedgerVerifyStore store) {
    int lanes = node.leases().settings().units(UnitKind.LEDGER_LANE);
    Map<Integer, Long> counted = store.lanes();
    Map<Integer, StreamHead> heads = store.heads();
    TreeSet<Integer> wanted = new TreeSet<>(heads.keySet());
    wanted.addAll(counted.keySet());
    if (!tenant.isEmpty()) {
      wanted.retainAll(List.of(UnitKind.hash(lanes, tenant)));
    }
    synchronized (this) {
      wanted.forEach(lane -> transfersTotal += counted.getOrDefault(lane, 0L));
    }
    BooksReplay books = new BooksReplay(findings);
    for (int lane : wanted) {
      ChainReplay chain =
          new ChainReplay(new LedgerChain(settings.chainKey()), lane, lanes, findings);
      store.transfers(lane, row -> check(row, chain, books), this::pause);
      chain.end(heads.get(lane));
    }
    store.accounts(
        tenant,
        account -> {
          books.account(account);
          counted(0, 1);
        },
        this::pause);
    books.end();
    synchronized (this) {
      done = true;
    }
  }

  private void check(StoredTransfer row, ChainReplay chain, BooksReplay books) {
    counted(1, 0);
    BookedTransfer transfer;
    try {
      transfer = row.transfer();
      chain.next(transfer, row.chain());
    } catch (RuntimeException broken) {
      chain.unreadable(row.tenant(), row.id(), row.chain(), String.valueOf(broken.getMessage()));
      return;
    }
    if (tenant.isEmpty() || tenant.equals(transfer.tenant())) {
      books.next(transfer, row.debit(), row.credit());
    }
  }

  private synchronized void counted(int transfers, int accounts) {
    transfersChecked += transfers;
    accountsChecked += accounts;
  }

  private synchronized void found(LedgerFinding finding) {
    findingsTotal++;
    if (findingsTotal <= FINDINGS_MAX) {
      fresh.add(finding);
    }
  }

  private synchronized void pause() {
    if (canceled || node.clock().monotonicNanos() - askedNanos > UNASKED_MAX.toNanos()) {
      throw new Abandoned();
    }
  }
}
