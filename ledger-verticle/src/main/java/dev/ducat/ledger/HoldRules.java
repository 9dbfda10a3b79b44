package dev.ducat.ledger;

import static dev.ducat.proto.ledger.v1.TransferResult.*;

import dev.ducat.proto.ledger.v1.TransferKind;
import dev.ducat.proto.ledger.v1.TransferResult;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a hold ends: posted whole or in part, voided, expired; once. What was held was within the
 * limits, so ending it never breaks one, and closed accounts do not stop it.
 */
final class HoldRules {
  private HoldRules() {}

  static Outcome resolve(Draft draft, TransferGroupCommand group, TransferCommand command) {
    Long asked = command.amount();
    if (asked != null && asked <= 0) {
      return Outcome.failed(command, TRANSFER_RESULT_AMOUNT_NOT_POSITIVE);
    }
    if (!command.debit().isEmpty() && command.debit().equals(command.credit())) {
      return Outcome.failed(command, TRANSFER_RESULT_ACCOUNTS_SAME);
    }
    UUID holdId = Objects.requireNonNull(command.holdId(), "a resolution names its hold");
    Entry.Booked hold =
        draft.entry(new TransferKey(group.tenant(), holdId)) instanceof Entry.Booked booked
                && booked.isHold()
            ? booked
            : null;
    if (!group.platform() && touchesReserved(command, hold)) {
      return Outcome.failed(command, TRANSFER_RESULT_ACCOUNT_RESERVED);
    }
    if (hold == null) {
      return Outcome.failed(command, TRANSFER_RESULT_HOLD_NOT_FOUND);
    }
    TransferResult objection = objection(draft, group, command, hold);
    if (objection != null) {
      return Outcome.failed(command, objection);
    }
    return new Outcome(
        command.id(), TRANSFER_RESULT_CREATED, book(draft, command, hold.transfer()));
  }

  private static boolean touchesReserved(TransferCommand command, Entry.@Nullable Booked hold) {
    return Chart.isReserved(command.debit())
        || Chart.isReserved(command.credit())
        || (hold != null
            && (Chart.isReserved(hold.transfer().debit().name())
                || Chart.isReserved(hold.transfer().credit().name())));
  }

  private static @Nullable TransferResult objection(
      Draft draft, TransferGroupCommand group, TransferCommand command, Entry.Booked booked) {
    BookedTransfer hold = booked.transfer();
    if (booked.resolvedBy() != null) {
      return switch (booked.resolvedBy()) {
        case TRANSFER_KIND_POST_HOLD -> TRANSFER_RESULT_HOLD_ALREADY_POSTED;
        case TRANSFER_KIND_VOID_HOLD -> TRANSFER_RESULT_HOLD_ALREADY_VOIDED;
        case TRANSFER_KIND_EXPIRE_HOLD -> TRANSFER_RESULT_HOLD_ALREADY_EXPIRED;
        case TRANSFER_KIND_UNSPECIFIED, TRANSFER_KIND_POST, TRANSFER_KIND_HOLD, UNRECOGNIZED ->
            throw new IllegalStateException("not a resolution: " + booked);
      };
    }
    if (command.kind() != TransferKind.TRANSFER_KIND_EXPIRE_HOLD
        && hold.expiresAt() != null
        && !hold.expiresAt().isAfter(draft.nextTime())) {
      // Its time is over, even where the sweep that writes it down has not come by yet.
      return TRANSFER_RESULT_HOLD_ALREADY_EXPIRED;
    }
    if ((!command.debit().isEmpty() && !command.debit().equals(hold.debit().name()))
        || (!command.credit().isEmpty() && !command.credit().equals(hold.credit().name()))) {
      return TRANSFER_RESULT_ACCOUNTS_DIFFER_FROM_HOLD;
    }
    Long asked = command.amount();
    if (asked != null && !command.currency().equals(hold.currency())) {
      return TRANSFER_RESULT_CURRENCY_MISMATCH;
    }
    if (asked != null && asked > hold.amount()) {
      return TRANSFER_RESULT_EXCEEDS_HOLD;
    }
    UUID remainder = command.remainderId();
    if (remainder != null
        && (remainder.equals(command.id())
            || draft.entry(new TransferKey(group.tenant(), remainder)) != null)) {
      return TRANSFER_RESULT_REMAINDER_HOLD_EXISTS;
    }
    return null;
  }

  private static BookedTransfer book(Draft draft, TransferCommand command, BookedTransfer hold) {
    Long asked = command.amount();
    long amount = asked == null ? hold.amount() : asked;
    long posted = command.kind() == TransferKind.TRANSFER_KIND_POST_HOLD ? amount : 0;
    BookedTransfer resolution =
        write(
            draft,
            hold,
            posted,
            -hold.amount(),
            (debit, credit, time) ->
                new BookedTransfer(
                    hold.tenant(),
                    command.id(),
                    command.kind(),
                    debit,
                    credit,
                    amount,
                    hold.currency(),
                    hold.id(),
                    command.linked(),
                    command.keepRemainder(),
                    command.remainderId(),
                    command.reference(),
                    command.description(),
                    null,
                    time));
    draft.resolve(hold, resolution);
    UUID remainder = command.remainderId();
    if (remainder != null && amount < hold.amount()) {
      hold(draft, hold, remainder, hold.amount() - amount);
    }
    return resolution;
  }

  /** The rest stays held, as a hold of its own: like the first one but for id and amount. */
  private static void hold(Draft draft, BookedTransfer hold, UUID id, long rest) {
    write(
        draft,
        hold,
        0,
        rest,
        (debit, credit, time) ->
            new BookedTransfer(
                hold.tenant(),
                id,
                TransferKind.TRANSFER_KIND_HOLD,
                debit,
                credit,
                rest,
                hold.currency(),
                null,
                false,
                false,
                null,
                hold.reference(),
                hold.description(),
                hold.expiresAt(),
                time));
  }

  /** Makes the row of a transfer once both accounts after it and its time are known. */
  private interface Row {
    BookedTransfer of(BookedTransfer.Side debit, BookedTransfer.Side credit, Instant time);
  }

  private static BookedTransfer write(
      Draft draft, BookedTransfer hold, long posted, long pending, Row row) {
    Account debit = accountOf(draft, hold.debitKey());
    Account credit = accountOf(draft, hold.creditKey());
    Counters debited = debit.counters().debited(posted, pending);
    Counters credited = credit.counters().credited(posted, pending);
    Instant time = draft.nextTime(debit.updatedAt(), credit.updatedAt());
    BookedTransfer transfer =
        row.of(
            new BookedTransfer.Side(debit.id(), debit.key().name(), debited),
            new BookedTransfer.Side(credit.id(), credit.key().name(), credited),
            time);
    draft.book(transfer, debit.after(debited, time), credit.after(credited, time));
    return transfer;
  }

  private static Account accountOf(BooksView books, AccountKey key) {
    return Objects.requireNonNull(
        books.account(key), () -> "a hold on an account that was not loaded: " + key);
  }
}
