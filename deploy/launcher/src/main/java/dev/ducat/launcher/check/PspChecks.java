package dev.ducat.launcher.check;

import dev.ducat.launcher.check.Facts.Account;
import dev.ducat.launcher.check.Facts.OutboxRow;
import dev.ducat.launcher.check.Facts.PaymentRow;
import dev.ducat.launcher.check.Facts.SagaRow;
import dev.ducat.launcher.check.Facts.Transfer;
import dev.ducat.saga.connector.JournalEntry;
import dev.ducat.saga.connector.JournalEntry.Kind;
import dev.ducat.saga.connector.JournalEntry.Result;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** P7 to P10: what really happened at the PSP, by its own journal. */
final class PspChecks {
  private static final Set<String> UNDONE = Set.of("FAILED", "CANCELED", "EXPIRED");

  private final Facts facts;
  private final Map<String, List<JournalEntry>> journal;
  private final Map<String, List<Transfer>> transfers;
  private final Map<String, Account> accounts;

  PspChecks(Facts facts) {
    this.facts = facts;
    this.journal = facts.journalByPayment();
    this.transfers = facts.transfersByReference();
    this.accounts = facts.accountsById();
  }

  List<Finding> run() {
    return List.of(intentFirst(), onceEach(), nothingLeftBehind(), booksAgree());
  }

  /**
   * The event that carries an intent is stamped just before its commit, so an effect that is older
   * than it had no committed intent. (Later does not prove the opposite: this is what can be seen
   * from outside.)
   */
  private Finding intentFirst() {
    Cases cases = new Cases("P7", "nothing at the PSP without a committed intent before it");
    Map<String, SagaRow> sagas =
        facts.sagas().stream().collect(Collectors.toMap(SagaRow::id, saga -> saga));
    Map<String, List<OutboxRow>> histories = facts.historyByPayment();
    for (JournalEntry entry : effects()) {
      cases.look();
      SagaRow saga = sagas.get(sagaOf(entry));
      cases.require(
          saga != null && saga.paymentId().equals(entry.paymentId()),
          entry.paymentId(),
          entry.kind() + " " + entry.operationKey() + " belongs to no saga of it");
      Instant intended =
          intended(entry.kind(), saga, histories.getOrDefault(entry.paymentId(), List.of()));
      cases.require(
          intended != null && !entry.time().isBefore(intended),
          entry.paymentId(),
          entry.kind() + " took effect at " + entry.time() + ", its intent is of " + intended);
    }
    return cases.finding();
  }

  /**
   * When the commit was decided that carried the intent; null when there is none. A client's
   * operation carries it from its first commit on, a payment and the clock later.
   */
  private static @Nullable Instant intended(
      Kind kind, @Nullable SagaRow saga, List<OutboxRow> history) {
    if (saga != null && !saga.kind().equals("PAYMENT") && !saga.kind().equals("EXPIRE")) {
      return saga.createdAt();
    }
    boolean lapsed = saga != null && saga.kind().equals("EXPIRE");
    String type =
        switch (kind) {
          case AUTHORIZE -> "dev.ducat.payment.created.v1";
          case VOID ->
              lapsed ? "dev.ducat.payment.release_started.v1" : "dev.ducat.payment.created.v1";
          case CAPTURE -> "dev.ducat.payment.authorized.v1";
          case REFUND -> "dev.ducat.payment.refund_created.v1";
        };
    return history.stream()
        .filter(event -> event.type().equals(type))
        .map(OutboxRow::createdAt)
        .findFirst()
        .orElse(null);
  }

  private Finding onceEach() {
    Cases cases = new Cases("P8", "each operation took effect at the PSP at most once");
    Map<String, Integer> byOperation = new HashMap<>();
    Map<String, Integer> byStep = new HashMap<>();
    Map<String, String> payments = new HashMap<>();
    for (JournalEntry entry : effects()) {
      // By its key, and by what it is for: a retry under a new key would be a second charge as
      // well.
      byOperation.merge(entry.operationKey(), 1, Integer::sum);
      String step =
          entry.kind() == Kind.AUTHORIZE
              ? "authorize of " + entry.paymentId()
              : entry.kind() + " of " + sagaOf(entry);
      byStep.merge(step, 1, Integer::sum);
      payments.put(entry.operationKey(), entry.paymentId());
      payments.put(step, entry.paymentId());
    }
    cases.look(byOperation.size());
    for (Map<String, Integer> counts : List.of(byOperation, byStep)) {
      counts.forEach(
          (what, times) ->
              cases.require(
                  times == 1,
                  payments.getOrDefault(what, what),
                  what + " took effect " + times + " times"));
    }
    return cases.finding();
  }

  private Finding nothingLeftBehind() {
    Cases cases = new Cases("P9", "a payment that failed holds and charges nothing");
    for (PaymentRow row : facts.payments()) {
      if (UNDONE.contains(row.state())) {
        cases.look();
        Sums psp = sums(row.id());
        cases.require(
            psp.authorized() - psp.voided() == 0 && psp.captured() - psp.refunded() == 0,
            row.id(),
            "is " + row.state() + ", but at the PSP: " + psp);
        Books books = books(row.id());
        cases.require(
            books.byAccount().values().stream().allMatch(net -> net == 0) && books.held() == 0,
            row.id(),
            "is " + row.state() + ", but on the ledger: " + books);
      }
    }
    return cases.finding();
  }

  private Finding booksAgree() {
    Cases cases = new Cases("P10", "settled means captured, at the PSP and on the ledger alike");
    for (PaymentRow row : facts.payments()) {
      if (row.state().equals("SETTLED")) {
        cases.look();
        Sums psp = sums(row.id());
        // A refund that waits for a person, or for the PSP, may have happened there or not.
        // A wallet pays on the ledger: nothing of it may be found at the PSP.
        boolean wallet = row.connector().equals("ledger");
        cases.require(
            wallet
                ? psp.equals(new Sums(0, 0, 0, 0))
                : psp.captured() == row.captured()
                    && psp.refunded() >= row.refunded()
                    && psp.refunded() <= row.refunded() + row.pendingRefund(),
            row.id(),
            "captured "
                + row.captured()
                + ", refunded "
                + row.refunded()
                + ", but at the PSP: "
                + psp);
        cases.require(
            psp.authorized() == psp.captured() + psp.voided(),
            row.id(),
            "is settled, but the PSP still holds a rest: " + psp);
        Books books = books(row.id());
        long left = row.captured() - row.refunded();
        cases.require(
            books.of(wallet ? row.method() : "psp_receivable:") == left
                && books.of(":pending") == 0
                && -(books.of(":available") + books.of("fees")) == left
                && books.held() == row.pendingRefund(),
            row.id(),
            "should have moved " + left + ", but on the ledger: " + books);
      }
    }
    return cases.finding();
  }

  private List<JournalEntry> effects() {
    return facts.journal().stream().filter(entry -> entry.result() == Result.DONE).toList();
  }

  private static String sagaOf(JournalEntry entry) {
    return entry.operationKey().replaceFirst("/.*", "");
  }

  private record Sums(long authorized, long captured, long voided, long refunded) {}

  private Sums sums(String payment) {
    Map<Kind, Long> sums = new EnumMap<>(Kind.class);
    for (JournalEntry entry : journal.getOrDefault(payment, List.of())) {
      if (entry.result() == Result.DONE) {
        sums.merge(entry.kind(), entry.amount(), Long::sum);
      }
    }
    return new Sums(
        sums.getOrDefault(Kind.AUTHORIZE, 0L),
        sums.getOrDefault(Kind.CAPTURE, 0L),
        sums.getOrDefault(Kind.VOID, 0L),
        sums.getOrDefault(Kind.REFUND, 0L));
  }

  /**
   * What one payment's transfers did.
   *
   * @param byAccount posted debits minus posted credits, by account name
   * @param held what is still held
   */
  private record Books(Map<String, Long> byAccount, long held) {
    long of(String part) {
      return byAccount.entrySet().stream()
          .filter(
              entry ->
                  entry.getKey().equals(part)
                      || (part.endsWith(":") && entry.getKey().startsWith(part))
                      || (part.startsWith(":") && entry.getKey().endsWith(part)))
          .mapToLong(Map.Entry::getValue)
          .sum();
    }
  }

  private Books books(String payment) {
    Map<String, Long> net = new HashMap<>();
    Map<String, Long> holds = new HashMap<>();
    for (Transfer transfer : transfers.getOrDefault(payment, List.of())) {
      if (transfer.kind() == 1 || transfer.kind() == 3) {
        net.merge(nameOf(transfer.debitAccount()), transfer.amount(), Long::sum);
        net.merge(nameOf(transfer.creditAccount()), -transfer.amount(), Long::sum);
      }
      if (transfer.kind() == 2) {
        holds.merge(transfer.id(), transfer.amount(), Long::sum);
      } else if (transfer.holdId() != null) {
        // A rest that stays held is a hold of its own, in a row of its own.
        holds.put(transfer.holdId(), 0L);
      }
    }
    return new Books(net, holds.values().stream().mapToLong(Long::longValue).sum());
  }

  private String nameOf(String accountId) {
    Account account = accounts.get(accountId);
    return account == null ? accountId : account.name();
  }
}
