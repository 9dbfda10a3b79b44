package dev.ducat.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.ledger.LedgerVerifyStore.Owner;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.operations.v1.LedgerFinding;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Long random sequences: after every step the ledger and an auditor who knows only the contract
 * agree; and at the end of each book so does the replay that verifies real books. For a long run:
 * {@code -Dducat.random.seconds=600}; to see a failure again: {@code -Dducat.seed=}.
 */
final class LedgerRandomTest {
  private static final int BOOKS_MIN = 80;
  private static final int STEPS_PER_BOOK = 1_500;

  private static final Duration TIME = Duration.ofSeconds(Long.getLong("ducat.random.seconds", 10));

  @Test
  void ledgerAndAuditorAgreeAfterEveryStep() {
    long seed = Long.getLong("ducat.seed", System.nanoTime());
    System.out.println("ledger random test: -Dducat.seed=" + seed);
    TreeMap<Integer, Integer> seen = new TreeMap<>();
    long start = System.nanoTime();
    long transfers = 0;
    int book = 0;
    while (book < BOOKS_MIN || System.nanoTime() - start < TIME.toNanos()) {
      transfers += play(seed + book, seen);
      book++;
    }
    System.out.printf(
        "%,d steps in %,d books, %,d transfers booked, %d s; results seen: %s%n",
        (long) book * STEPS_PER_BOOK,
        book,
        transfers,
        Duration.ofNanos(System.nanoTime() - start).toSeconds(),
        seen);
    // A sequence that never met a result has proved nothing about it.
    assertThat(new TreeSet<>(seen.keySet()))
        .contains(
            1, 2, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 30, 31, 32, 40, 41, 50, 51, 52,
            53, 54, 55, 56, 57, 60, 61, 70, 71, 72);
  }

  /** Returns how many transfers were booked. */
  private static int play(long seed, Map<Integer, Integer> seen) {
    MemoryBooks books = new MemoryBooks();
    LedgerAuditor auditor = new LedgerAuditor();
    open(books, auditor);
    RandomTransfers transfers = new RandomTransfers(seed, Transfers.TENANT);
    for (int step = 0; step < STEPS_PER_BOOK; step++) {
      if (step == STEPS_PER_BOOK * 3 / 4) {
        books.close("shut");
        auditor.close("shut");
      }
      if (step % 20 == 0) {
        books.advance(Duration.ofSeconds(1));
        sweep(books, auditor);
      }
      TransferGroup group = transfers.group(books.now());
      List<Integer> results =
          books.apply(group).stream().map(outcome -> outcome.result().getNumber()).toList();
      assertThat(results)
          .as("step %d, seed %d: %s", step, seed, group)
          .isEqualTo(auditor.apply(group, books.now()));
      assertThat(balances(books))
          .as("step %d, seed %d: %s", step, seed, group)
          .isEqualTo(auditor.balances());
      results.forEach(result -> seen.merge(result, 1, Integer::sum));
    }
    assertThat(replayed(books)).as("seed %d", seed).isEmpty();
    return books.booked().size();
  }

  /** What every stored balance, version, limit, hold and time of the book comes to. */
  private static List<LedgerFinding> replayed(MemoryBooks books) {
    List<LedgerFinding> findings = new ArrayList<>();
    BooksReplay replay = new BooksReplay(new LedgerFindings(findings::add));
    Map<UUID, Owner> owners = new HashMap<>();
    for (Account account : books.accounts()) {
      AccountKey key = account.key();
      owners.put(
          account.id(),
          new Owner(
              account.id(), key.tenant(), key.name(), key.currency(), account.limit().getNumber()));
    }
    Instant before = Instant.EPOCH;
    for (BookedTransfer transfer : books.booked()) {
      assertThat(transfer.bookedAt()).isAfter(before);
      before = transfer.bookedAt();
      replay.next(
          transfer,
          owners.get(transfer.debit().accountId()),
          owners.get(transfer.credit().accountId()));
    }
    books.accounts().forEach(replay::account);
    replay.end();
    return findings;
  }

  private static void open(MemoryBooks books, LedgerAuditor auditor) {
    for (String name : List.of("a", "b", "shut")) {
      books.open(name);
      auditor.open(name, "");
    }
    books.open(
        "poor",
        NormalSide.NORMAL_SIDE_CREDIT,
        BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS);
    auditor.open("poor", "credits");
    books.open(
        "full",
        NormalSide.NORMAL_SIDE_DEBIT,
        BalanceLimit.BALANCE_LIMIT_CREDITS_MUST_NOT_EXCEED_DEBITS);
    auditor.open("full", "debits");
  }

  private static void sweep(MemoryBooks books, LedgerAuditor auditor) {
    for (String hold : auditor.lapsed(books.now())) {
      TransferCommand expire =
          new TransferCommand(
              UUID.randomUUID(),
              TransferKind.TRANSFER_KIND_EXPIRE_HOLD,
              "",
              "",
              null,
              "",
              IdKind.TRANSFER.parse(hold).orElseThrow(),
              false,
              false,
              null,
              "",
              "",
              null,
              NewTransfer.getDefaultInstance());
      List<Outcome> outcomes =
          books.apply(new TransferGroupCommand(Transfers.TENANT, List.of(expire), true, ""));
      assertThat(outcomes).allMatch(Outcome::isSuccess);
      auditor.expire(hold);
    }
  }

  private static List<String> balances(MemoryBooks books) {
    List<String> lines = new ArrayList<>();
    books
        .balances()
        .forEach(
            (name, c) ->
                lines.add(
                    name
                        + " "
                        + c.debitsPosted()
                        + " "
                        + c.creditsPosted()
                        + " "
                        + c.debitsPending()
                        + " "
                        + c.creditsPending()));
    return lines;
  }
}
