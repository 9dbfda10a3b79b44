package dev.ducat.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.ledger.v1.TransferKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Long random sequences: after every step the ledger and an auditor who knows only the contract
 * agree.
 */
final class LedgerRandomTest {
  private static final int BOOKS = 80;
  private static final int STEPS_PER_BOOK = 1_500;

  @Test
  void ledgerAndAuditorAgreeAfterEveryStep() {
    long seed = Long.getLong("ducat.seed", System.nanoTime());
    System.out.println("ledger random test: -Dducat.seed=" + seed);
    TreeMap<Integer, Integer> seen = new TreeMap<>();
    for (int book = 0; book < BOOKS; book++) {
      play(seed + book, seen);
    }
    System.out.println("results seen: " + seen);
    // A sequence that never met a result has proved nothing about it.
    assertThat(new TreeSet<>(seen.keySet()))
        .contains(
            1, 2, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 22, 30, 31, 32, 40, 41, 50, 51, 52, 53,
            54, 55, 56, 57, 60, 61, 70, 71, 72);
  }

  private static void play(long seed, Map<Integer, Integer> seen) {
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
              java.util.UUID.randomUUID(),
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
