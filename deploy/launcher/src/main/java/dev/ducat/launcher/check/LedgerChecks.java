package dev.ducat.launcher.check;

import dev.ducat.launcher.check.Facts.Account;
import dev.ducat.launcher.check.Facts.Counters;
import dev.ducat.launcher.check.Facts.Transfer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** L1 and L2: the books balance, and the counters are what the transfers add up to. */
final class LedgerChecks {
  private final Facts facts;

  LedgerChecks(Facts facts) {
    this.facts = facts;
  }

  /** A transfer's effect on one of its accounts, at the account's version. */
  private record Entry(
      String account,
      long version,
      long debit,
      long credit,
      long debitHold,
      long creditHold,
      Counters after,
      Transfer transfer) {}

  List<Finding> run(BalanceSamples samples) {
    return List.of(balanced(samples), replayed());
  }

  private Finding balanced(BalanceSamples samples) {
    Cases cases = new Cases("L1", "debits equal credits in every currency, at every moment");
    Map<String, long[]> sums = new HashMap<>();
    for (Account account : facts.accounts()) {
      cases.look();
      Counters counters = account.counters();
      long[] sum =
          sums.computeIfAbsent(account.tenant() + " " + account.currency(), none -> new long[2]);
      sum[0] += counters.debitsPosted() - counters.creditsPosted();
      sum[1] += counters.debitsPending() - counters.creditsPending();
    }
    sums.forEach(
        (books, sum) ->
            cases.require(
                sum[0] == 0 && sum[1] == 0,
                "books of " + books,
                "are off by " + sum[0] + " posted, " + sum[1] + " held"));
    cases.look(samples.taken());
    samples.off().forEach(off -> cases.require(false, "books of " + off.currency(), off.text()));
    return cases.finding();
  }

  private Finding replayed() {
    Cases cases = new Cases("L2", "counters are the sums of their transfers; limits always held");
    Map<String, Account> accounts = facts.accountsById();
    Map<String, List<Entry>> entries = new HashMap<>();
    for (Entry entry : entries()) {
      entries.computeIfAbsent(entry.account(), none -> new ArrayList<>()).add(entry);
    }
    for (Account account : facts.accounts()) {
      cases.look();
      replay(cases, account, entries.getOrDefault(account.id(), List.of()));
    }
    entries
        .keySet()
        .forEach(id -> cases.require(accounts.containsKey(id), id, "has transfers, but is gone"));
    return cases.finding();
  }

  private static void replay(Cases cases, Account account, List<Entry> entries) {
    String name = account.tenant() + " " + account.name() + " " + account.currency();
    Counters counters = Counters.ZERO;
    long version = 1;
    for (Entry entry : entries.stream().sorted(Comparator.comparingLong(Entry::version)).toList()) {
      cases.look();
      String subject = subject(entry.transfer(), name);
      counters =
          counters.plus(entry.debit(), entry.credit(), entry.debitHold(), entry.creditHold());
      version++;
      cases.require(
          entry.version() == version,
          subject,
          "makes version " + entry.version() + " of " + name + " where " + version + " is next");
      cases.require(
          entry.after().equals(counters),
          subject,
          "says " + entry.after() + " of " + name + ", but they add up to " + counters);
      cases.require(
          withinLimit(account, counters), subject, "breaks the limit of " + name + ": " + counters);
    }
    cases.require(
        account.counters().equals(counters) && account.version() == version,
        entries.isEmpty() ? name : subject(entries.getLast().transfer(), name),
        name + " stands at " + account.counters() + ", its transfers add up to " + counters);
  }

  /** The payment where the transfer is one's, else the transfer itself. */
  private static String subject(Transfer transfer, String account) {
    return transfer.reference().startsWith("pay_")
        ? transfer.reference()
        : transfer.id() + " on " + account;
  }

  private static boolean withinLimit(Account account, Counters counters) {
    return switch (account.limit()) {
      case 2 -> counters.debitsPosted() + counters.debitsPending() <= counters.creditsPosted();
      case 3 -> counters.creditsPosted() + counters.creditsPending() <= counters.debitsPosted();
      default -> true;
    };
  }

  private List<Entry> entries() {
    Map<String, Long> holds = new HashMap<>();
    for (Transfer transfer : facts.transfers()) {
      if (transfer.kind() == 2) {
        holds.put(transfer.id(), transfer.amount());
      } else if (transfer.remainderHoldId() != null && transfer.holdId() != null) {
        holds.put(
            transfer.remainderHoldId(),
            holds.getOrDefault(transfer.holdId(), 0L) - transfer.amount());
      }
    }
    List<Entry> entries = new ArrayList<>();
    for (Transfer transfer : facts.transfers()) {
      long held = holdChange(transfer, holds);
      long posted = transfer.kind() == 1 || transfer.kind() == 3 ? transfer.amount() : 0;
      entries.add(
          new Entry(
              transfer.debitAccount(),
              transfer.debitVersion(),
              posted,
              0,
              held,
              0,
              transfer.debitAfter(),
              transfer));
      entries.add(
          new Entry(
              transfer.creditAccount(),
              transfer.creditVersion(),
              0,
              posted,
              0,
              held,
              transfer.creditAfter(),
              transfer));
    }
    return entries;
  }

  /** By how much a transfer changes what is held on both its accounts. */
  private static long holdChange(Transfer transfer, Map<String, Long> holds) {
    return switch (transfer.kind()) {
      case 1 -> 0;
      case 2 -> transfer.amount();
      // A rest that stays held is a hold of its own, in a row of its own.
      default -> -holds.getOrDefault(String.valueOf(transfer.holdId()), 0L);
    };
  }
}
