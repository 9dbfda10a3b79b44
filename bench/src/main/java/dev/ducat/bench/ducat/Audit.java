package dev.ducat.bench.ducat;

import dev.ducat.bench.load.LoadResult;
import dev.ducat.bench.load.PaymentRequests;
import dev.ducat.bench.load.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * Checks what one run made, by counting: in Postgres, in Kafka, and in the PSP's journal. A fast
 * wrong answer is a failure. Everything must be at rest when it begins and when it ends.
 *
 * <p>It counts only what came after it began, so that its time does not grow with what is stored.
 */
final class Audit implements AutoCloseable {
  // Names no column that says how Ducat works inside, and so outlives changes to that.
  private static final String MARK =
      """
      create temporary table head as select stream, head from outbox.stream;
      create temporary table counters as
        select account_id, debits_posted, credits_posted, debits_pending, credits_pending from ledger.account;
      create temporary table since as
        select coalesce((select max(create_time) from payment.payment where tenant = 'default'), '-infinity') as payments,
               coalesce((select max(booked_at) from ledger.transfer where tenant collate "C" = 'default'), '-infinity')
                 as transfers;
      """;

  private static final String PAYMENTS =
      """
      select count(*), count(distinct idempotency_key),
             count(*) filter (where state = 'SETTLED' and resting and amount_authorized = amount
                                and amount_captured = amount and amount_refunded = 0 and pending_capture = 0)
        from payment.payment
       where tenant = 'default' and create_time > (select payments from since)
      """;

  private static final String TRANSFERS =
      """
      select count(*) filter (where kind = 1), count(*) filter (where kind = 2), count(*) filter (where kind = 3),
             count(*) filter (where kind > 3), coalesce(sum(amount), 0)::bigint
        from ledger.transfer
       where tenant collate "C" = 'default' and booked_at > (select transfers from since)
      """;

  private static final String OFF_BOOKS =
      """
      with moved as (
        select account, sum(debit)::bigint as debit, sum(credit)::bigint as credit
          from ledger.transfer t,
               lateral (values (t.debit_account, t.amount, 0::bigint), (t.credit_account, 0, t.amount))
                 as side(account, debit, credit)
         where t.tenant collate "C" = 'default' and t.booked_at > (select transfers from since) and t.kind in (1, 3)
         group by account
      )
      select count(*)
        from ledger.account a
        left join counters c using (account_id)
        left join moved m on m.account = a.account_id
       where a.debits_posted - coalesce(c.debits_posted, 0) <> coalesce(m.debit, 0)
          or a.credits_posted - coalesce(c.credits_posted, 0) <> coalesce(m.credit, 0)
          or a.debits_pending <> coalesce(c.debits_pending, 0)
          or a.credits_pending <> coalesce(c.credits_pending, 0)
      """;

  private static final String UNBALANCED =
      """
      select count(*) from (
        select from ledger.account group by tenant, currency
        having sum(debits_posted) <> sum(credits_posted) or sum(debits_pending) <> sum(credits_pending)) off
      """;

  private static final String EVENTS =
      """
      select count(*),
             bit_xor(('x' || left(replace(event_id::text, '-', ''), 16))::bit(64)::bigint
                     # ('x' || right(replace(event_id::text, '-', ''), 16))::bit(64)::bigint)
        from head join outbox.event e on e.stream = head.stream and e.seq > head.head
      """;

  private static final String BROKEN_HISTORIES =
      """
      select count(*) from (
        select from head join outbox.event e on e.stream = head.stream and e.seq > head.head
         where e.topic = 'ducat.payments.v1'
         group by e.key having count(*) <> max(e.version) or min(e.version) <> 1
                            or count(distinct e.version) <> count(*)) broken
      """;

  private final Installation ducat;
  private final Sql sql;
  private final Map<TopicPartition, Long> kafkaMark;
  private final long pspMark;
  private final List<String> faults = new ArrayList<>();

  private Audit(Installation ducat) {
    this.ducat = ducat;
    this.sql = Sql.open(ducat.postgres());
    sql.run(MARK);
    this.kafkaMark = KafkaFacts.ends(ducat.kafka());
    this.pspMark = PspFacts.end(ducat.simulatorJournal());
  }

  /** Marks where everything stands. */
  static Audit begin(Installation ducat) {
    return new Audit(ducat);
  }

  /**
   * Checks what came since.
   *
   * @throws WrongResult naming every fault
   */
  void check(Workload workload, LoadResult load) {
    sql.run("analyze head, counters, since");
    if (workload == Workload.TRANSFERS) {
      transfers(load);
    } else {
      payments(load);
    }
    require("accounts that differ from their transfers", 0, sql.number(OFF_BOOKS));
    require("books out of balance", 0, sql.number(UNBALANCED));
    if (!faults.isEmpty()) {
      throw new WrongResult(faults);
    }
  }

  /**
   * Checks that so many events came since, in Postgres and in Kafka, whole and in order.
   *
   * @throws WrongResult naming every fault
   */
  void checkEvents(long expected) {
    sql.run("analyze head");
    require("events", expected, events().records());
    if (!faults.isEmpty()) {
      throw new WrongResult(faults);
    }
  }

  private void payments(LoadResult load) {
    long[] counted = sql.numbers(PAYMENTS).getFirst();
    long payments = counted[0];
    require("idempotency keys", payments, counted[1]);
    require("settled payments", payments, counted[2]);
    if (payments < load.goodCalls() || payments > load.sent()) {
      faults.add(
          "%d payments, but %d were answered as settled and %d asked for"
              .formatted(payments, load.goodCalls(), load.sent()));
    }
    long[] booked = sql.numbers(TRANSFERS).getFirst();
    require("settlements", payments, booked[0]);
    require("holds", payments, booked[1]);
    require("captures", payments, booked[2]);
    require("releases", 0, booked[3]);
    require("money moved", 3 * payments * PaymentRequests.AMOUNT, booked[4]);
    PspFacts psp = PspFacts.since(ducat.simulatorJournal(), pspMark, PaymentRequests.AMOUNT);
    require("operations at the PSP that should not be", 0, psp.odd());
    require("payments captured at the PSP", payments, psp.captured());
    KafkaFacts kafka = events();
    require("payments in Kafka", payments, kafka.payments().size());
    if (!kafka.payments().equals(psp.payments())) {
      faults.add("Kafka and the PSP know different payments");
    }
  }

  private void transfers(LoadResult load) {
    long[] booked = sql.numbers(TRANSFERS).getFirst();
    long batch = Workload.TRANSFERS.operationsPerCall();
    if (booked[0] < load.goodCalls() * batch || booked[0] > load.sent() * batch) {
      faults.add(
          "%d transfers, but %d calls were answered as booked and %d sent"
              .formatted(booked[0], load.goodCalls(), load.sent()));
    }
    require("transfers of other kinds", 0, booked[1] + booked[2] + booked[3]);
    events();
  }

  private KafkaFacts events() {
    long[] outbox = sql.numbers(EVENTS).getFirst();
    KafkaFacts kafka = KafkaFacts.since(ducat.kafka(), kafkaMark);
    require("events in Kafka", outbox[0], kafka.records());
    require("ids of the events in Kafka, combined", outbox[1], kafka.idsXor());
    require("events out of order", 0, kafka.outOfOrder());
    require("payments with gaps in their events", 0, sql.number(BROKEN_HISTORIES));
    return kafka;
  }

  private void require(String what, long expected, long found) {
    if (found != expected) {
      faults.add("%s: %d, expected %d".formatted(what, found, expected));
    }
  }

  @Override
  public void close() {
    sql.close();
  }
}
