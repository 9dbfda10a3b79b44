package dev.ducat.launcher.check;

import dev.ducat.kernel.outbox.Topics;
import dev.ducat.launcher.check.Facts.KafkaRecord;
import dev.ducat.launcher.check.Facts.OutboxRow;
import dev.ducat.launcher.check.Facts.PaymentRow;
import dev.ducat.launcher.check.Facts.SagaRow;
import dev.ducat.proto.payments.v1.Payment;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** S1 and O1 to O3: nothing is forgotten, and Kafka tells the same story as the database. */
final class EventChecks {
  private static final Set<String> NOT_AT_REST = Set.of("RUNNING", "COMPENSATING", "WAITING");

  private final Facts facts;

  EventChecks(Facts facts) {
    this.facts = facts;
  }

  List<Finding> run() {
    return List.of(allAtRest(), sameInKafka(), inOrderOnce(), foldsToRow());
  }

  private Finding allAtRest() {
    Cases cases = new Cases("S1", "every saga is at rest; none is forgotten");
    Map<String, PaymentRow> payments =
        facts.payments().stream().collect(Collectors.toMap(PaymentRow::id, row -> row));
    Set<String> driven = new HashSet<>();
    for (SagaRow saga : facts.sagas()) {
      cases.look();
      driven.add(saga.paymentId());
      PaymentRow payment = payments.get(saga.paymentId());
      // A settled payment rests whatever its refunds do: they must rest themselves.
      boolean restsMeanwhile =
          saga.kind().equals("REFUND")
              ? saga.phase().equals("AWAIT")
              : payment != null && payment.resting();
      cases.require(
          saga.finished() || restsMeanwhile || !NOT_AT_REST.contains(saga.state()),
          saga.paymentId(),
          "its saga " + saga.id() + " is still " + saga.state());
    }
    Set<String> clocked =
        facts.sagas().stream()
            .filter(saga -> saga.kind().equals("EXPIRE") && !saga.finished())
            .map(SagaRow::paymentId)
            .collect(Collectors.toSet());
    for (PaymentRow row : facts.payments()) {
      cases.require(
          !row.state().equals("AUTHORIZED") || !row.resting() || clocked.contains(row.id()),
          row.id(),
          "waits for its capture, and nobody watches the time");
    }
    facts
        .payments()
        .forEach(row -> cases.require(driven.contains(row.id()), row.id(), "has no saga"));
    return cases.finding();
  }

  private Finding sameInKafka() {
    Cases cases = new Cases("O1", "every committed event is in Kafka, and nothing else is");
    Set<String> published = new HashSet<>();
    facts.kafka().forEach(record -> published.add(record.topic() + " " + record.eventId()));
    Set<String> committed = new HashSet<>();
    for (OutboxRow row : facts.outbox()) {
      cases.look();
      committed.add(row.topic() + " " + row.eventId());
      cases.require(
          published.contains(row.topic() + " " + row.eventId()),
          row.key(),
          row.type() + " " + row.eventId() + " is not in Kafka");
    }
    for (KafkaRecord record : facts.kafka()) {
      cases.require(
          committed.contains(record.topic() + " " + record.eventId()),
          record.key(),
          record.type() + " " + record.eventId() + " is in Kafka, but not in the outbox");
    }
    return cases.finding();
  }

  private Finding inOrderOnce() {
    Cases cases = new Cases("O2", "per payment versions 1..n, in order, each once, one partition");
    Map<String, Integer> times = new HashMap<>();
    for (KafkaRecord record : facts.kafka()) {
      int count = times.merge(record.topic() + " " + record.eventId(), 1, Integer::sum);
      cases.require(
          count == 1,
          record.key(),
          record.type() + " " + record.eventId() + " is in Kafka " + count + " times");
    }
    byPayment()
        .forEach(
            (payment, records) -> {
              cases.look();
              Set<Integer> partitions = new TreeSet<>();
              long version = 0;
              for (KafkaRecord record : records) {
                partitions.add(record.partition());
                version++;
                cases.require(
                    record.version() == version,
                    payment,
                    "version " + record.version() + " comes where " + version + " should");
              }
              cases.require(partitions.size() == 1, payment, "lies on partitions " + partitions);
            });
    return cases.finding();
  }

  private Finding foldsToRow() {
    Cases cases = new Cases("O3", "the events of a payment, folded, give its row");
    Map<String, List<KafkaRecord>> records = byPayment();
    for (PaymentRow row : facts.payments()) {
      cases.look();
      List<KafkaRecord> history = records.getOrDefault(row.id(), List.of());
      Payment last = history.isEmpty() ? null : history.getLast().snapshot();
      cases.require(
          last != null && agrees(row, last),
          row.id(),
          last == null ? "has no events in Kafka" : "its last event does not give its row " + row);
    }
    return cases.finding();
  }

  private static boolean agrees(PaymentRow row, Payment last) {
    return last.getPaymentId().equals(row.id())
        && last.getState().name().equals("PAYMENT_STATE_" + row.state())
        && last.getVersion() == row.version()
        && last.getAmount().getMinorUnits() == row.amount()
        && last.getAmount().getCurrencyCode().equals(row.currency())
        && last.getAmountAuthorized().getMinorUnits() == row.authorized()
        && last.getAmountCaptured().getMinorUnits() == row.captured()
        && last.getAmountRefunded().getMinorUnits() == row.refunded()
        && last.getMerchantAccount().equals(row.merchant())
        && Objects.equals(
            last.hasFailure() ? last.getFailure().getCode() : null, row.failureCode());
  }

  /** The records of payments in the order in which a consumer gets them. */
  private Map<String, List<KafkaRecord>> byPayment() {
    return facts.kafka().stream()
        .filter(record -> record.topic().equals(Topics.PAYMENTS))
        .sorted(
            Comparator.comparingInt(KafkaRecord::partition).thenComparingLong(KafkaRecord::offset))
        .collect(Collectors.groupingBy(KafkaRecord::key));
  }
}
