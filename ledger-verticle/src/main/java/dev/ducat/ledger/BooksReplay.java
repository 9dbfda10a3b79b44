package dev.ducat.ledger;

import static dev.ducat.proto.operations.v1.LedgerFindingKind.LEDGER_FINDING_KIND_BALANCE_MISMATCH;
import static dev.ducat.proto.operations.v1.LedgerFindingKind.LEDGER_FINDING_KIND_COUNTER_MISMATCH;
import static dev.ducat.proto.operations.v1.LedgerFindingKind.LEDGER_FINDING_KIND_HOLD_MISMATCH;
import static dev.ducat.proto.operations.v1.LedgerFindingKind.LEDGER_FINDING_KIND_LIMIT_BROKEN;
import static dev.ducat.proto.operations.v1.LedgerFindingKind.LEDGER_FINDING_KIND_UNBALANCED;

import dev.ducat.ledger.LedgerVerifyStore.Owner;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.operations.v1.LedgerFindingKind;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The books, booked anew from the transfers and nothing else, and compared with what is stored.
 * Shares no rule with the lanes. Keeps a few numbers per account and per open hold.
 */
final class BooksReplay {
  private static final int DEBITS = 0;
  private static final int CREDITS = 1;
  private static final int HELD_DEBITS = 2;
  private static final int HELD_CREDITS = 3;
  private static final int VERSION = 4;
  private static final int NUMBERS = 5;

  /** An account: what its transfers add up to, and what the last of them says that it stands at. */
  private static final class Tally {
    private final long[] sum = new long[NUMBERS];
    private long[] told = new long[NUMBERS];
    private @Nullable BookedTransfer last;
    private boolean limitBroken;

    Tally() {
      sum[VERSION] = 1;
      told[VERSION] = 1;
    }

    boolean breaks(int limit) {
      return switch (limit) {
        case BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS_VALUE ->
            sum[DEBITS] + sum[HELD_DEBITS] > sum[CREDITS];
        case BalanceLimit.BALANCE_LIMIT_CREDITS_MUST_NOT_EXCEED_DEBITS_VALUE ->
            sum[CREDITS] + sum[HELD_CREDITS] > sum[DEBITS];
        default -> false;
      };
    }
  }

  /** What is held between two accounts. */
  private record Held(UUID debit, UUID credit, long amount) {}

  private final LedgerFindings findings;
  private final Map<UUID, Tally> tallies = new HashMap<>();
  private final Map<TransferKey, Held> open = new HashMap<>();

  /** What resolutions left held, until the hold that holds it comes. */
  private final Map<TransferKey, Held> rests = new HashMap<>();

  /** Per tenant and currency: debits less credits, posted and held. */
  private final Map<String, BigInteger[]> sums = new TreeMap<>();

  BooksReplay(LedgerFindings findings) {
    this.findings = findings;
  }

  /** The tenant's next transfer, with its accounts where they are there. */
  void next(BookedTransfer transfer, @Nullable Owner debit, @Nullable Owner credit) {
    TransferKind kind = transfer.kind();
    boolean resolves = transfer.holdId() != null;
    boolean posts =
        kind == TransferKind.TRANSFER_KIND_POST || kind == TransferKind.TRANSFER_KIND_POST_HOLD;
    long posted = posts ? transfer.amount() : 0;
    long held = 0;
    if (resolves) {
      held = -resolved(transfer, posts);
    } else if (kind == TransferKind.TRANSFER_KIND_HOLD) {
      held = transfer.amount();
      hold(transfer);
    }
    book(transfer, transfer.debit(), debit, new long[] {posted, 0, held, 0, 1});
    book(transfer, transfer.credit(), credit, new long[] {0, posted, 0, held, 1});
  }

  private void hold(BookedTransfer hold) {
    Held held = new Held(hold.debit().accountId(), hold.credit().accountId(), hold.amount());
    Held rest = rests.remove(hold.key());
    if (rest != null && !rest.equals(held)) {
      off(LEDGER_FINDING_KIND_HOLD_MISMATCH, hold, "holds another rest than was left: " + rest);
    }
    open.put(hold.key(), held);
  }

  /** How much the transfer's hold held. */
  private long resolved(BookedTransfer transfer, boolean posts) {
    UUID holdId = transfer.holdId();
    Held hold = holdId == null ? null : open.remove(new TransferKey(transfer.tenant(), holdId));
    if (hold == null) {
      off(LEDGER_FINDING_KIND_HOLD_MISMATCH, transfer, "resolves a hold that is not open");
      return 0;
    }
    if (!hold.debit().equals(transfer.debit().accountId())
        || !hold.credit().equals(transfer.credit().accountId())) {
      off(LEDGER_FINDING_KIND_HOLD_MISMATCH, transfer, "its accounts are not those of its hold");
    }
    long rest = hold.amount() - transfer.amount();
    if (rest < 0 || (rest > 0 && !posts)) {
      off(
          LEDGER_FINDING_KIND_HOLD_MISMATCH,
          transfer,
          "resolves " + transfer.amount() + " where " + hold.amount() + " were held");
    }
    UUID remainder = transfer.remainderId();
    if (remainder != null && rest > 0) {
      rests.put(
          new TransferKey(transfer.tenant(), remainder),
          new Held(hold.debit(), hold.credit(), rest));
    }
    return hold.amount();
  }

  private void book(
      BookedTransfer transfer, BookedTransfer.Side side, @Nullable Owner owner, long[] change) {
    Tally tally = tallies.computeIfAbsent(side.accountId(), first -> new Tally());
    for (int i = 0; i < NUMBERS; i++) {
      tally.sum[i] += change[i];
      tally.told[i] += change[i];
    }
    tally.last = transfer;
    long[] stored = numbers(side.after());
    AccountKey account =
        owner == null
            ? new AccountKey(transfer.tenant(), "", transfer.currency())
            : new AccountKey(owner.tenant(), owner.name(), owner.currency());
    if (!Arrays.equals(tally.told, stored)) {
      findings.add(
          LEDGER_FINDING_KIND_BALANCE_MISMATCH,
          account,
          transfer.id(),
          "says that the account stands at " + text(stored) + ", expected " + text(tally.told));
      tally.told = stored;
    }
    if (owner == null) {
      off(LEDGER_FINDING_KIND_COUNTER_MISMATCH, transfer, "no account " + side.accountId());
    } else if (!owner.tenant().equals(transfer.tenant())
        || !owner.currency().equals(transfer.currency())) {
      findings.add(
          LEDGER_FINDING_KIND_UNBALANCED,
          account,
          transfer.id(),
          "moves " + transfer.currency() + " of " + transfer.tenant() + " on another's account");
    } else if (!tally.limitBroken && tally.breaks(owner.limit())) {
      tally.limitBroken = true;
      findings.add(
          LEDGER_FINDING_KIND_LIMIT_BROKEN,
          account,
          transfer.id(),
          "the account stands at " + text(tally.sum) + " from here on, beyond its limit");
    }
  }

  /** All transfers have come; an account as it is stored. */
  void account(Account account) {
    Tally known = tallies.remove(account.id());
    Tally tally = known == null ? new Tally() : known;
    long[] stored = numbers(account.counters());
    if (!Arrays.equals(tally.sum, stored)) {
      boolean posted =
          tally.sum[DEBITS] == stored[DEBITS]
              && tally.sum[CREDITS] == stored[CREDITS]
              && tally.sum[VERSION] == stored[VERSION];
      findings.add(
          posted ? LEDGER_FINDING_KIND_HOLD_MISMATCH : LEDGER_FINDING_KIND_COUNTER_MISMATCH,
          account.key(),
          lastOf(tally),
          "stands at " + text(stored) + ", its transfers add up to " + text(tally.sum));
    }
    Instant expected = tally.last == null ? account.createdAt() : tally.last.bookedAt();
    if (!account.updatedAt().equals(expected)) {
      findings.add(
          LEDGER_FINDING_KIND_COUNTER_MISMATCH,
          account.key(),
          lastOf(tally),
          "last moved at " + account.updatedAt() + ", by its transfers at " + expected);
    }
    BigInteger[] sum =
        sums.computeIfAbsent(
            account.key().tenant() + " " + account.key().currency(),
            first -> new BigInteger[] {BigInteger.ZERO, BigInteger.ZERO});
    sum[0] = sum[0].add(BigInteger.valueOf(stored[DEBITS] - stored[CREDITS]));
    sum[1] = sum[1].add(BigInteger.valueOf(stored[HELD_DEBITS] - stored[HELD_CREDITS]));
  }

  /** All accounts have come. */
  void end() {
    tallies.forEach(
        (id, tally) -> {
          BookedTransfer last = tally.last;
          if (last != null) {
            off(LEDGER_FINDING_KIND_COUNTER_MISMATCH, last, "its account is gone: " + id);
          }
        });
    rests.forEach(
        (hold, rest) ->
            findings.add(
                LEDGER_FINDING_KIND_HOLD_MISMATCH,
                hold.tenant(),
                hold.id(),
                rest.amount() + " were to stay held under this id, and no hold of it came"));
    sums.forEach(
        (books, sum) -> {
          if (sum[0].signum() != 0 || sum[1].signum() != 0) {
            int space = books.lastIndexOf(' ');
            findings.add(
                LEDGER_FINDING_KIND_UNBALANCED,
                new AccountKey(books.substring(0, space), "", books.substring(space + 1)),
                null,
                "debits exceed credits by " + sum[0] + " posted, " + sum[1] + " held");
          }
        });
  }

  private void off(LedgerFindingKind kind, BookedTransfer transfer, String message) {
    findings.add(kind, transfer.tenant(), transfer.id(), message);
  }

  private static @Nullable UUID lastOf(Tally tally) {
    BookedTransfer last = tally.last;
    return last == null ? null : last.id();
  }

  private static long[] numbers(Counters counters) {
    return new long[] {
      counters.debitsPosted(),
      counters.creditsPosted(),
      counters.debitsPending(),
      counters.creditsPending(),
      counters.version()
    };
  }

  private static String text(long[] numbers) {
    return "%d/%d, held %d/%d, version %d"
        .formatted(
            numbers[DEBITS],
            numbers[CREDITS],
            numbers[HELD_DEBITS],
            numbers[HELD_CREDITS],
            numbers[VERSION]);
  }
}
