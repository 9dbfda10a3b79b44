package dev.ducat.launcher.check;

import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.saga.connector.JournalEntry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Everything that can be seen from outside at one moment: the tables in one snapshot, Kafka's
 * committed records, the PSP's journal. Ids are in their text form.
 *
 * @param transfers in the order of each tenant's books
 */
record Facts(
    List<PaymentRow> payments,
    List<SagaRow> sagas,
    List<RefundRow> refunds,
    List<Account> accounts,
    List<Transfer> transfers,
    List<OutboxRow> outbox,
    List<KafkaRecord> kafka,
    List<JournalEntry> journal) {

  record PaymentRow(
      String id,
      String tenant,
      String state,
      boolean resting,
      String currency,
      long amount,
      long authorized,
      long captured,
      long refunded,
      long pendingCapture,
      long pendingRefund,
      String merchant,
      String method,
      String connector,
      @Nullable String key,
      @Nullable String failureCode,
      long version) {}

  record SagaRow(
      String id,
      String paymentId,
      String tenant,
      @Nullable String method,
      @Nullable String key,
      String kind,
      String phase,
      String state,
      boolean finished,
      Instant createdAt) {}

  /** A refund. */
  record RefundRow(String id, String paymentId, String state, long amount) {}

  /** Counters of an account, in minor units. */
  record Counters(long debitsPosted, long creditsPosted, long debitsPending, long creditsPending) {
    static final Counters ZERO = new Counters(0, 0, 0, 0);

    Counters plus(long debits, long credits, long debitHolds, long creditHolds) {
      return new Counters(
          debitsPosted + debits,
          creditsPosted + credits,
          debitsPending + debitHolds,
          creditsPending + creditHolds);
    }
  }

  /**
   * An account.
   *
   * @param limit 1 none, 2 debits must not exceed credits, 3 the mirror
   */
  record Account(
      String id,
      String tenant,
      String name,
      String currency,
      int limit,
      Counters counters,
      long version) {}

  /**
   * A transfer.
   *
   * @param kind 1 post, 2 hold, 3 post hold, 4 void hold, 5 expire hold
   */
  record Transfer(
      String id,
      String tenant,
      int kind,
      String debitAccount,
      String creditAccount,
      long amount,
      String currency,
      @Nullable String holdId,
      boolean keepRemainder,
      @Nullable String remainderHoldId,
      String reference,
      Counters debitAfter,
      long debitVersion,
      Counters creditAfter,
      long creditVersion) {}

  /** An event in the outbox; {@code snapshot} is set on the topic of payments. */
  record OutboxRow(
      String stream,
      long seq,
      String eventId,
      String topic,
      String key,
      String type,
      long version,
      Instant createdAt,
      @Nullable Payment snapshot) {}

  /** A committed record; {@code snapshot} is set on the topic of payments. */
  record KafkaRecord(
      String topic,
      int partition,
      long offset,
      String eventId,
      String key,
      String type,
      long version,
      @Nullable Payment snapshot) {}

  Map<String, List<Transfer>> transfersByReference() {
    return transfers.stream().collect(Collectors.groupingBy(Transfer::reference));
  }

  Map<String, Account> accountsById() {
    return accounts.stream().collect(Collectors.toMap(Account::id, Function.identity()));
  }

  Map<String, List<JournalEntry>> journalByPayment() {
    return journal.stream().collect(Collectors.groupingBy(JournalEntry::paymentId));
  }

  /** The events of payments, by payment, in order of version. */
  Map<String, List<OutboxRow>> historyByPayment() {
    return outbox.stream()
        .filter(row -> row.snapshot() != null)
        .sorted(java.util.Comparator.comparingLong(OutboxRow::version))
        .collect(Collectors.groupingBy(OutboxRow::key));
  }
}
