package dev.ducat.launcher.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.launcher.check.ClientHistory.Answered;
import dev.ducat.launcher.check.ClientHistory.Call;
import dev.ducat.launcher.check.ClientHistory.Receipt;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.launcher.check.InvariantCheck.Report;
import dev.ducat.launcher.events.EventReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A checker that has never failed is not trusted: each defect planted here must be seen. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class InvariantCheckTest {
  @TempDir private static Path data = Path.of("unset");

  private static @Nullable AuditedHouse audited;

  @BeforeAll
  static void payWithEveryMethod() {
    audited = AuditedHouse.start(data, 40);
  }

  @AfterAll
  static void stop() {
    if (audited != null) {
      audited.close();
    }
  }

  private static AuditedHouse house() {
    if (audited == null) {
      throw new IllegalStateException("not started");
    }
    return audited;
  }

  private static List<String> broken(Report report) {
    return report.findings().stream().filter(Finding::broken).map(Finding::id).toList();
  }

  private static List<String> subjects(Report report, String id) {
    return report.findings().stream()
        .filter(one -> one.id().equals(id))
        .flatMap(one -> one.violations().stream())
        .map(Finding.Violation::subject)
        .distinct()
        .toList();
  }

  @Test
  @Order(1)
  void soundDataBreaksNothingAndEveryInvariantHasCases() {
    Report report = house().audit();

    assertThat(report.findings()).allSatisfy(one -> assertThat(one.violations()).isEmpty());
    assertThat(report.findings())
        .extracting(Finding::id)
        .containsExactly(
            "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "L1", "L2", "S1", "O1",
            "O2", "O3");
    assertThat(report.findings()).allSatisfy(one -> assertThat(one.cases()).isPositive());
  }

  @Test
  @Order(2)
  void aFlippedPostingIsSeenAndItsPaymentNamed() throws SQLException {
    String transfer = house().one("select transfer_id from ledger.transfer where kind = 3 limit 1");
    String where = " where transfer_id = '" + transfer + "'";
    String payment = house().one("select reference from ledger.transfer" + where);
    String flip =
        "update ledger.transfer set debit_account = credit_account, credit_account = debit_account"
            + where;

    Report report = house().auditWith(flip, flip);

    assertThat(broken(report)).contains("P10", "L2");
    assertThat(subjects(report, "P10")).containsExactly(payment);
  }

  @Test
  @Order(2)
  void aCounterThatWasChangedIsSeen() throws SQLException {
    String where =
        " where account_id = '%s'"
            .formatted(
                house()
                    .one(
                        "select account_id from ledger.account"
                            + " where name like 'merchant:%:available' limit 1"));

    Report report =
        house()
            .auditWith(
                "update ledger.account set credits_posted = credits_posted + 1" + where,
                "update ledger.account set credits_posted = credits_posted - 1" + where);

    assertThat(broken(report)).containsExactly("L1", "L2");
  }

  @Test
  @Order(2)
  void aLostOutboxRowIsSeenAndItsPaymentNamed() throws SQLException {
    String where =
        " from outbox.event where event_id = '%s'"
            .formatted(
                house()
                    .one(
                        "select event_id from outbox.event"
                            + " where type = 'dev.ducat.payment.captured.v1' limit 1"));
    String payment = house().one("select key" + where);
    house().sql("create table public.kept as select *" + where);

    Report report =
        house().auditWith("delete" + where, "insert into outbox.event select * from public.kept");

    assertThat(broken(report)).contains("P4", "O1");
    assertThat(subjects(report, "O1")).containsExactly(payment);
  }

  @Test
  @Order(2)
  void anEventThatNeverReachedKafkaIsSeen() throws SQLException {
    Report report =
        house()
            .auditWith(
                """
                insert into outbox.event
                select stream, 999999, gen_random_uuid(), topic, key, type, source, payload, version,
                       tenant, traceparent, created_at
                  from outbox.event where topic = 'ducat.ledger.v1' limit 1
                """,
                "delete from outbox.event where seq = 999999");

    assertThat(broken(report)).containsExactly("O1");
  }

  @Test
  @Order(2)
  void aSecondPaymentUnderOneKeyIsSeen() throws SQLException {
    String select = "select %s from payment.payment order by payment_id limit 1 offset %d";
    String key = house().one(select.formatted("idempotency_key", 0));
    String other = house().one(select.formatted("idempotency_key", 1));
    String update = "update payment.payment set idempotency_key = '%s' where payment_id = '%s'";
    String id = house().one(select.formatted("payment_id", 1));

    Report report = house().auditWith(update.formatted(key, id), update.formatted(other, id));

    assertThat(broken(report)).contains("P1", "P3");
  }

  @Test
  @Order(2)
  void anAcknowledgedPaymentThatIsGoneIsSeen() throws SQLException {
    String where =
        " from payment.payment where payment_id = '%s'"
            .formatted(
                house()
                    .one("select payment_id from payment.payment where state = 'SETTLED' limit 1"));
    house().sql("create table public.lost as select *" + where);

    Report report =
        house()
            .auditWith("delete" + where, "insert into payment.payment select * from public.lost");

    assertThat(broken(report)).contains("P2");
  }

  @Test
  @Order(2)
  void aStateThatNoEventTellsOfIsSeen() throws SQLException {
    String set =
        "update payment.payment set state = '%s' where payment_id = '"
            + house().one("select payment_id from payment.payment where state = 'SETTLED' limit 1")
            + "'";

    Report report = house().auditWith(set.formatted("CAPTURED"), set.formatted("SETTLED"));

    assertThat(broken(report)).containsExactly("P4", "O3");
  }

  /** Its constraint would not let it in: the checker must see it without. */
  @Test
  @Order(2)
  void aRefundOfMoreThanWasCapturedIsSeenAlsoWhileItIsPending() throws SQLException {
    String id =
        house().one("select payment_id from payment.payment where state = 'SETTLED' limit 1");
    String set = "update payment.payment set pending_refund = %s where payment_id = '" + id + "'";
    String constraint = "constraint refunded_within_captured";
    String check =
        house()
            .one(
                "select pg_get_constraintdef(oid) from pg_constraint"
                    + " where conname = 'refunded_within_captured'");
    house().sql("alter table payment.payment drop " + constraint);
    Report report;
    try {
      report = house().auditWith(set.formatted("amount_captured + 1"), set.formatted("0"));
    } finally {
      house().sql("alter table payment.payment add " + constraint + " " + check);
    }

    assertThat(broken(report)).containsExactly("P5", "P10");
    assertThat(subjects(report, "P5")).containsExactly(IdKind.PAYMENT.text(UUID.fromString(id)));
  }

  @Test
  @Order(2)
  void aSagaThatWasForgottenIsSeen() throws SQLException {
    String saga = house().one("select saga_id from payment.saga where state = 'DONE' limit 1");
    String both =
        """
        with forgotten as (
          update payment.saga
             set state = '%s', finished = %s, outcome = 'x' where saga_id = '%s' returning payment_id)
        update payment.payment set resting = %s where payment_id in (select payment_id from forgotten)
        """;

    Report report =
        house()
            .auditWith(
                both.formatted("RUNNING", "false", saga, "false"),
                both.formatted("DONE", "true", saga, "true"));

    assertThat(broken(report)).contains("S1");
  }

  /** Changes the PSP's journal, audits, and puts it back. */
  private static Report auditWithJournal(UnaryOperator<String> defect) throws Exception {
    Path journal = house().journal();
    String before = Files.readString(journal);
    String changed = defect.apply(before);
    assertThat(changed).as("the defect is planted").isNotEqualTo(before);
    Files.writeString(journal, changed, StandardOpenOption.TRUNCATE_EXISTING);
    try {
      return house().audit();
    } finally {
      Files.writeString(journal, before, StandardOpenOption.TRUNCATE_EXISTING);
    }
  }

  private static String firstLine(String journal, String part) {
    return journal.lines().filter(line -> line.contains(part)).findFirst().orElseThrow();
  }

  private static String eachLine(String journal, UnaryOperator<String> change) {
    return journal.lines().map(change).reduce("", (a, b) -> a + b);
  }

  @Test
  @Order(2)
  void aSecondChargeUnderTheSameKeyIsSeenAndItsPaymentNamed() throws Exception {
    String charge = firstLine(Files.readString(house().journal()), "\tCAPTURE\tDONE\t");

    Report report = auditWithJournal(journal -> journal + charge + "\n");

    assertThat(broken(report)).containsExactly("P8", "P10");
    assertThat(subjects(report, "P8"))
        .singleElement()
        .satisfies(one -> assertThat(charge).contains(one));
  }

  @Test
  @Order(2)
  void aSecondChargeUnderANewKeyIsSeen() throws Exception {
    String charge = firstLine(Files.readString(house().journal()), "\tCAPTURE\tDONE\t");

    Report report =
        auditWithJournal(
            journal -> journal + charge.replaceFirst("/capture", "/capture-again") + "\n");

    assertThat(broken(report)).containsExactly("P8", "P10");
  }

  @Test
  @Order(2)
  void whatStaysHeldAtThePspIsSeen() throws Exception {
    Report report =
        auditWithJournal(
            journal ->
                eachLine(journal, line -> line.contains("\tVOID\tDONE\t") ? "" : line + "\n"));

    assertThat(broken(report)).containsExactly("P9", "P10");
  }

  @Test
  @Order(2)
  void aRestThatIsNotFreedAtThePspIsSeen() throws Exception {
    String settled =
        house()
            .one(
                "select payment_id::text from payment.payment where state = 'SETTLED'"
                    + " and connector = 'simulator'"
                    + " and amount_captured between 1 and amount - 1 limit 1");
    String id = IdKind.PAYMENT.text(UUID.fromString(settled));

    Report report =
        auditWithJournal(
            journal ->
                eachLine(
                    journal,
                    line -> line.contains("\tVOID\tDONE\t" + id + "\t") ? "" : line + "\n"));

    assertThat(broken(report)).containsExactly("P10");
    assertThat(subjects(report, "P10")).containsExactly(id);
  }

  @Test
  @Order(2)
  void aCanceledPaymentThatWasChargedIsSeen() throws Exception {
    String canceled =
        house()
            .one("select payment_id::text from payment.payment where state = 'CANCELED' limit 1");
    String id = IdKind.PAYMENT.text(UUID.fromString(canceled));
    String saga =
        IdKind.SAGA.text(
            UUID.fromString(
                house()
                    .one(
                        "select saga_id::text from payment.saga where kind = 'CANCEL' and"
                            + " payment_id = '"
                            + canceled
                            + "'")));
    String authorized =
        firstLine(Files.readString(house().journal()), "\tAUTHORIZE\tDONE\t" + id + "\t");
    String charge =
        authorized
            .replaceFirst("^[^\t]+\t[^\t]+", "2099-01-01T00:00:00Z\t" + saga + "/capture")
            .replace("\tAUTHORIZE\t", "\tCAPTURE\t");

    Report report = auditWithJournal(journal -> journal + charge + "\n");

    assertThat(broken(report)).containsExactly("P9");
    assertThat(subjects(report, "P9")).containsExactly(id);
  }

  @Test
  @Order(2)
  void aRefundThatDoesNotAddUpIsSeen() throws Exception {
    String refund =
        house().one("select refund_id from payment.refund where state = 'SUCCEEDED' limit 1");
    String set =
        "update payment.refund set amount = amount %s 1 where refund_id = '" + refund + "'";

    Report report = house().auditWith(set.formatted("+"), set.formatted("-"));

    assertThat(broken(report)).containsExactly("P5");
  }

  @Test
  @Order(2)
  void anAuthorizationThatNobodyWatchesIsSeen() throws Exception {
    String clock =
        house().one("select saga_id from payment.saga where kind = 'EXPIRE' and not finished");
    String set =
        "update payment.saga set finished = %s, state = '%s', outcome = %s, next_attempt_at = %s"
            + " where saga_id = '"
            + clock
            + "'";

    Report report =
        house()
            .auditWith(
                set.formatted("true", "DONE", "'x'", "null"),
                set.formatted("false", "WAITING", "null", "now() + interval '7 days'"));

    assertThat(broken(report)).containsExactly("S1");
  }

  @Test
  @Order(2)
  void anEffectBeforeItsIntentIsSeen() throws Exception {
    String charge = firstLine(Files.readString(house().journal()), "\tCAPTURE\tDONE\t");

    Report report =
        auditWithJournal(
            journal ->
                journal.replace(charge, charge.replaceFirst("^[^\t]+", "2020-01-01T00:00:00Z")));

    assertThat(broken(report)).containsExactly("P7");
  }

  @Test
  @Order(2)
  void clientsThatWereToldDifferentThingsAreHeard() {
    Call told =
        house().history().calls().stream()
            .filter(one -> one.told() instanceof Answered)
            .findFirst()
            .orElseThrow();
    Answered first = (Answered) told.told();
    ClientHistory lied = house().history().copy();
    lied.add("liar", told.sent(), first);
    lied.add(
        "liar",
        told.sent(),
        new Answered(first.paymentId(), first.version() - 1, "", first.amount(), first.currency()));
    lied.add("liar", told.sent(), new Answered("pay_x", 1, "", first.amount(), first.currency()));

    Report report = house().audit(lied);

    assertThat(broken(report)).containsExactly("P1", "P2", "P6");
  }

  @Test
  @Order(2)
  void receiptsForWhatIsNotThereOrIsThereTwiceAreSeen() throws SQLException {
    String refund =
        house().one("select refund_id from payment.refund where state = 'SUCCEEDED' limit 1");
    String id = IdKind.REFUND.text(UUID.fromString(refund));
    long amount =
        Long.parseLong(
            house()
                .one("select amount from payment.refund where refund_id = '%s'".formatted(refund)));
    ClientHistory sound = house().history().copy();
    sound.add(new Receipt("pay_x/key", id, amount));
    ClientHistory lied = sound.copy();
    lied.add(new Receipt("pay_x/key", "re_x", amount));

    assertThat(broken(house().audit(sound))).isEmpty();
    Report report = house().audit(lied);
    assertThat(broken(report)).containsExactly("P1", "P2");
    assertThat(subjects(report, "P2")).containsExactly("re_x");
  }

  @Test
  @Order(2)
  void paymentsNobodyAskedForAreSeenAndNothingAcknowledgedIsNoCase() {
    ClientHistory unrelated = new ClientHistory();
    unrelated.add(
        "client",
        new Sent("default", "unrelated", 1, "EUR", "acme", "sim_ok"),
        new ClientHistory.Unknown("UNAVAILABLE"));

    Report report = house().audit(unrelated);

    assertThat(broken(report)).containsExactly("P3");
    assertThat(report.findings())
        .filteredOn(one -> one.id().equals("P2"))
        .singleElement()
        .satisfies(one -> assertThat(one.cases()).isZero());
  }

  /** Last: what is in Kafka cannot be taken back. */
  @Test
  @Order(3)
  void aRecordThatIsInKafkaTwiceIsSeen() throws Exception {
    ConsumerRecord<String, byte[]> published;
    try (EventReader reader =
        EventReader.open(house().kafka(), List.of("ducat.payments.v1"), true)) {
      published = reader.drain().getFirst();
    }
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", house().kafka()),
            new StringSerializer(),
            new ByteArraySerializer())) {
      producer
          .send(
              new ProducerRecord<>(
                  published.topic(),
                  published.partition(),
                  published.key(),
                  published.value(),
                  published.headers()))
          .get();
    }

    Report report = house().audit();

    assertThat(broken(report)).contains("O2");
    assertThat(subjects(report, "O2")).containsExactly(published.key());
  }
}
