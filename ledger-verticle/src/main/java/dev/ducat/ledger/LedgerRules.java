package dev.ducat.ledger;

import static dev.ducat.proto.ledger.v1.TransferResult.*;

import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferResult;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What may be booked. Decides one transfer after the other over a draft of the books; results come
 * in the order of precedence of {@link TransferResult}. No I/O, no clock but the draft's.
 */
final class LedgerRules {
  /**
   * Results below this number tell that the id is known; they hold whatever becomes of the rest of
   * a chain.
   */
  private static final int FIRST_RESULT_OF_A_NEW_ID = TRANSFER_RESULT_LINKED_CHAIN_OPEN_VALUE;

  private final Supplier<UUID> accountIds;
  private final Set<String> overdraft;

  /**
   * The rules.
   *
   * @param overdraft merchants whose available funds may go below zero
   */
  LedgerRules(Supplier<UUID> accountIds, Set<String> overdraft) {
    this.accountIds = accountIds;
    this.overdraft = overdraft;
  }

  /** Decides a group: one outcome per transfer, in order; the changes are in the draft. */
  List<Outcome> decide(Draft draft, TransferGroupCommand group) {
    List<TransferCommand> transfers = group.transfers();
    List<Outcome> outcomes = new ArrayList<>(transfers.size());
    int from = 0;
    for (int i = 0; i < transfers.size(); i++) {
      boolean last = i == transfers.size() - 1;
      if (transfers.get(i).linked() && !last) {
        continue;
      }
      List<TransferCommand> chain = transfers.subList(from, i + 1);
      from = i + 1;
      if (transfers.get(i).linked()) {
        refuseOpenChain(draft, group, chain, outcomes);
      } else if (chain.size() == 1) {
        outcomes.add(decideAlone(draft, group, chain.getFirst()));
      } else {
        decideChain(draft, group, chain, outcomes);
      }
    }
    return outcomes;
  }

  private Outcome decideAlone(Draft draft, TransferGroupCommand group, TransferCommand command) {
    Outcome outcome = decide(draft, group, command);
    pin(draft, draft, group, command, outcome);
    return outcome;
  }

  private void decideChain(
      Draft draft,
      TransferGroupCommand group,
      List<TransferCommand> chain,
      List<Outcome> outcomes) {
    Draft attempt = draft.nested();
    List<Outcome> decided = new ArrayList<>(chain.size());
    for (int i = 0; i < chain.size(); i++) {
      Outcome outcome = decide(attempt, group, chain.get(i));
      if (!outcome.isSuccess()) {
        // Only the one that failed by itself is pinned: the others did nothing wrong.
        pin(draft, attempt, group, chain.get(i), outcome);
        for (int j = 0; j < chain.size(); j++) {
          outcomes.add(
              j == i
                  ? outcome
                  : unlessKnown(
                      draft, group, chain.get(j), TRANSFER_RESULT_LINKED_TRANSFER_FAILED));
        }
        return;
      }
      decided.add(outcome);
    }
    draft.takeUp(attempt);
    outcomes.addAll(decided);
  }

  private static void refuseOpenChain(
      Draft draft,
      TransferGroupCommand group,
      List<TransferCommand> chain,
      List<Outcome> outcomes) {
    for (TransferCommand member : chain) {
      outcomes.add(unlessKnown(draft, group, member, TRANSFER_RESULT_LINKED_CHAIN_OPEN));
    }
  }

  /**
   * Where several results apply the smallest number is the answer: a known id says so even in a
   * failed chain.
   */
  private static Outcome unlessKnown(
      BooksView books,
      TransferGroupCommand group,
      TransferCommand command,
      TransferResult otherwise) {
    Outcome known = known(books, group, command);
    return known != null && known.result().getNumber() < FIRST_RESULT_OF_A_NEW_ID
        ? known
        : Outcome.failed(command, otherwise);
  }

  /**
   * Records a failure that depends on the state of the world under the transfer's id, so that the
   * answer stays. A void of a hold that nobody knows also takes the hold's id: it must not be held
   * any more when it comes.
   */
  private static void pin(
      Draft draft,
      BooksView seen,
      TransferGroupCommand group,
      TransferCommand command,
      Outcome outcome) {
    TransferKey key = new TransferKey(group.tenant(), command.id());
    if (!PinnedResults.contain(outcome.result()) || draft.entry(key) != null) {
      return;
    }
    draft.refuse(key, new Entry.Failed(command, outcome.result()));
    UUID holdId = command.holdId();
    if (command.kind() == TransferKind.TRANSFER_KIND_VOID_HOLD
        && outcome.result() == TRANSFER_RESULT_HOLD_NOT_FOUND
        && holdId != null) {
      TransferKey hold = new TransferKey(group.tenant(), holdId);
      if (seen.entry(hold) == null && draft.entry(hold) == null) {
        draft.refuse(hold, new Entry.Voided());
      }
    }
  }

  private Outcome decide(Draft draft, TransferGroupCommand group, TransferCommand command) {
    Outcome known = known(draft, group, command);
    if (known != null) {
      return known;
    }
    return command.isResolution()
        ? HoldRules.resolve(draft, group, command)
        : move(draft, group, command);
  }

  private static @Nullable Outcome known(
      BooksView books, TransferGroupCommand group, TransferCommand command) {
    return switch (books.entry(new TransferKey(group.tenant(), command.id()))) {
      case null -> null;
      case Entry.Booked there -> {
        TransferResult difference =
            command.differenceFrom(askedForBy(there.transfer(), command, books));
        yield new Outcome(
            command.id(),
            difference == null ? TRANSFER_RESULT_EXISTS : difference,
            there.transfer());
      }
      case Entry.Failed before -> {
        TransferResult difference = command.differenceFrom(before.command());
        yield Outcome.failed(command, difference == null ? before.result() : difference);
      }
      case Entry.Voided late ->
          Outcome.failed(
              command,
              command.kind() == TransferKind.TRANSFER_KIND_HOLD
                  ? TRANSFER_RESULT_HOLD_VOIDED_BEFORE_CREATION
                  : TRANSFER_RESULT_EXISTS_WITH_DIFFERENT_KIND);
    };
  }

  /**
   * The command that would have made {@code transfer}, in the form of {@code command}: what a
   * resolution leaves open (its accounts, the whole amount) is taken as left open where that means
   * the same.
   */
  private static TransferCommand askedForBy(
      BookedTransfer transfer, TransferCommand command, BooksView books) {
    boolean resolution = transfer.holdId() != null;
    boolean amountOpen = resolution && command.amount() == null && resolvesAll(transfer, books);
    return new TransferCommand(
        transfer.id(),
        transfer.kind(),
        resolution && command.debit().isEmpty() ? "" : transfer.debit().name(),
        resolution && command.credit().isEmpty() ? "" : transfer.credit().name(),
        amountOpen ? null : (Long) transfer.amount(),
        amountOpen ? "" : transfer.currency(),
        transfer.holdId(),
        transfer.linked(),
        transfer.keepRemainder(),
        transfer.remainderId(),
        transfer.reference(),
        transfer.description(),
        transfer.expiresAt(),
        command.request());
  }

  private static boolean resolvesAll(BookedTransfer resolution, BooksView books) {
    UUID holdId = resolution.holdId();
    return holdId != null
        && books.entry(new TransferKey(resolution.tenant(), holdId)) instanceof Entry.Booked hold
        && hold.transfer().amount() == resolution.amount();
  }

  /** A post or a hold: new money moves, so funds, limits and closed accounts count. */
  private Outcome move(Draft draft, TransferGroupCommand group, TransferCommand command) {
    Long asked = command.amount();
    if (asked == null || asked <= 0) {
      return Outcome.failed(command, TRANSFER_RESULT_AMOUNT_NOT_POSITIVE);
    }
    long amount = asked;
    if (command.debit().equals(command.credit())) {
      return Outcome.failed(command, TRANSFER_RESULT_ACCOUNTS_SAME);
    }
    if (!group.platform()
        && (Chart.isReserved(command.debit()) || Chart.isReserved(command.credit()))) {
      return Outcome.failed(command, TRANSFER_RESULT_ACCOUNT_RESERVED);
    }
    Account debit = account(draft, group, command.debit(), command.currency());
    if (debit == null) {
      return Outcome.failed(command, TRANSFER_RESULT_DEBIT_ACCOUNT_NOT_FOUND);
    }
    Account credit = account(draft, group, command.credit(), command.currency());
    if (credit == null) {
      return Outcome.failed(command, TRANSFER_RESULT_CREDIT_ACCOUNT_NOT_FOUND);
    }
    if (debit.closed()) {
      return Outcome.failed(command, TRANSFER_RESULT_DEBIT_ACCOUNT_CLOSED);
    }
    if (credit.closed()) {
      return Outcome.failed(command, TRANSFER_RESULT_CREDIT_ACCOUNT_CLOSED);
    }
    if (!debit.counters().hasRoomForDebit(amount) || !credit.counters().hasRoomForCredit(amount)) {
      return Outcome.failed(command, TRANSFER_RESULT_OVERFLOW);
    }
    boolean hold = command.kind() == TransferKind.TRANSFER_KIND_HOLD;
    Counters debited = debit.counters().debited(hold ? 0 : amount, hold ? amount : 0);
    if (debit.debitLimitForbids(debited)) {
      return Outcome.failed(command, TRANSFER_RESULT_EXCEEDS_CREDITS);
    }
    Counters credited = credit.counters().credited(hold ? 0 : amount, hold ? amount : 0);
    if (credit.creditLimitForbids(credited)) {
      return Outcome.failed(command, TRANSFER_RESULT_EXCEEDS_DEBITS);
    }
    Instant time = draft.nextTime(debit.updatedAt(), credit.updatedAt());
    BookedTransfer transfer =
        new BookedTransfer(
            group.tenant(),
            command.id(),
            command.kind(),
            new BookedTransfer.Side(debit.id(), command.debit(), debited),
            new BookedTransfer.Side(credit.id(), command.credit(), credited),
            amount,
            command.currency(),
            null,
            command.linked(),
            false,
            null,
            command.reference(),
            command.description(),
            command.expiresAt(),
            time);
    draft.book(transfer, debit.after(debited, time), credit.after(credited, time));
    return new Outcome(command.id(), TRANSFER_RESULT_CREATED, transfer);
  }

  /** The account, or for a saga one that would be opened now; it is, if the transfer is booked. */
  private @Nullable Account account(
      Draft draft, TransferGroupCommand group, String name, String currency) {
    AccountKey key = new AccountKey(group.tenant(), name, currency);
    Account there = draft.account(key);
    Chart entry = there == null && group.platform() ? Chart.entryOf(name, overdraft) : null;
    return entry == null
        ? there
        : Account.opened(accountIds.get(), key, entry.side(), entry.limit(), draft.nextTime());
  }
}
