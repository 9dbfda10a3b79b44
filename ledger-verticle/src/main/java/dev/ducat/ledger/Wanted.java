package dev.ducat.ledger;

import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What deciding a message needs to know and memory lacks. */
final class Wanted {
  private Wanted() {}

  /**
   * Every id that a message would book or names. Only a hold that is known to be open needs no
   * look.
   */
  static void ids(LedgerMessage message, Books books, Map<TransferKey, Books> wanted) {
    if (message instanceof LedgerMessage.ApplyTransfers apply) {
      for (TransferGroupCommand group : apply.groups()) {
        for (TransferCommand command : group.transfers()) {
          id(group.tenant(), command.id(), books, wanted);
          id(group.tenant(), command.holdId(), books, wanted);
          id(group.tenant(), command.remainderId(), books, wanted);
        }
      }
    } else if (message instanceof LedgerMessage.SweepHolds) {
      books.sweep().lapsed().forEach(hold -> id(hold.tenant(), hold.id(), books, wanted));
    }
  }

  /** The accounts named, and those of the holds named. Call after the ids were read. */
  static void accounts(LedgerMessage message, Books books, Map<AccountKey, Books> wanted) {
    switch (message) {
      case LedgerMessage.OpenAccount open -> account(open.key(), books, wanted);
      case LedgerMessage.CloseAccount close -> account(close.key(), books, wanted);
      case LedgerMessage.SealTime seal -> {}
      case LedgerMessage.SweepHolds sweep ->
          books.sweep().lapsed().forEach(hold -> accountsOfHold(hold, books, wanted));
      case LedgerMessage.ApplyTransfers apply -> {
        for (TransferGroupCommand group : apply.groups()) {
          for (TransferCommand command : group.transfers()) {
            accounts(group.tenant(), command, books, wanted);
          }
        }
      }
    }
  }

  private static void accounts(
      String tenant, TransferCommand command, Books books, Map<AccountKey, Books> wanted) {
    UUID holdId = command.holdId();
    if (holdId == null) {
      account(new AccountKey(tenant, command.debit(), command.currency()), books, wanted);
      account(new AccountKey(tenant, command.credit(), command.currency()), books, wanted);
    } else {
      accountsOfHold(new TransferKey(tenant, holdId), books, wanted);
    }
  }

  /**
   * A hold that is not known yet is made by this very batch, which names its accounts, or never.
   */
  private static void accountsOfHold(
      TransferKey holdId, Books books, Map<AccountKey, Books> wanted) {
    if (books.entry(holdId) instanceof Entry.Booked hold) {
      account(hold.transfer().debitKey(), books, wanted);
      account(hold.transfer().creditKey(), books, wanted);
    }
  }

  private static void id(
      String tenant, @Nullable UUID id, Books books, Map<TransferKey, Books> wanted) {
    if (id != null) {
      TransferKey key = new TransferKey(tenant, id);
      if (books.entry(key) == null) {
        wanted.put(key, books);
      }
    }
  }

  private static void account(AccountKey key, Books books, Map<AccountKey, Books> wanted) {
    if (books.account(key) == null) {
      wanted.put(key, books);
    }
  }
}
