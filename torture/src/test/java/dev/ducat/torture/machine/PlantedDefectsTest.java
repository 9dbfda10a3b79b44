package dev.ducat.torture.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.embedded.Service;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.launcher.check.BalanceSamples;
import dev.ducat.launcher.check.ClientHistory.Sent;
import dev.ducat.launcher.check.Drain;
import dev.ducat.launcher.check.Finding;
import dev.ducat.launcher.check.InvariantCheck;
import dev.ducat.launcher.events.EventReader;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcClient;
import dev.ducat.proto.payments.v1.PaymentState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The machine against a house that is really broken: each defect is planted in the running system
 * of one node, from outside, into a payment of its own, and the checker must name that payment.
 */
final class PlantedDefectsTest {
  private static final Duration REST_MAX = Duration.ofSeconds(60);
  private static final String PAYMENTS = "ducat.payments.v1";

  @TempDir private Path folder;

  private final Witness witness = Witness.fresh();
  private final Map<String, Sent> sentById = new LinkedHashMap<>();

  /** What must be found: the payment, and the invariants that its defect breaks. */
  private final Map<String, Set<String>> planted = new LinkedHashMap<>();

  @Test
  void everyDefectIsFoundAndItsPaymentNamedAndNoOtherIs() throws Exception {
    try (Cluster cluster = Cluster.start(folder.toAbsolutePath(), 1);
        Client client = new Client("client", 0, cluster, witness)) {
      new Wallets(new Random(5), client).open();
      Deque<String> payments = new ArrayDeque<>();
      for (int number = 0; number < 8; number++) {
        payments.add(pay(client, "defect-" + number));
      }
      rest(cluster);
      assertThat(violations(cluster)).as("before anything is planted").isEmpty();

      swapEventsBeforeTheyArePublished(cluster, client);
      sweepKeyTooEarly(cluster, client, payments.remove());
      // The last one booked: what came after it on the same accounts would be named as well.
      String last = pay(client, "flipped");
      rest(cluster);
      flipPosting(cluster, last);
      publishTwice(cluster, payments.remove());
      publishWithoutCommit(cluster, payments.remove());
      chargeUnderNewKey(cluster, payments.remove());
      loseEvent(cluster, payments.remove());
      dropConstraintAndPayTwice(cluster, payments.remove());

      Map<String, Set<String>> found = violations(cluster);
      planted.forEach(
          (payment, invariants) ->
              assertThat(found.getOrDefault(payment, Set.of()))
                  .as("what is wrong with %s", payment)
                  .containsAll(invariants));
      assertThat(found.keySet()).as("subjects of %s", found).isEqualTo(planted.keySet());
    }
  }

  /** A relay that is out of order: the last two events change places while Kafka is away. */
  private void swapEventsBeforeTheyArePublished(Cluster cluster, Client client) throws Exception {
    cluster.services().kill(Service.KAFKA);
    String payment = pay(client, "swapped");
    // What the relay holds in memory already must not hide the defect.
    cluster.node(0).kill();
    sql(
        cluster,
        """
        create table public.swapped as
          select seq, stream, lead(seq) over (order by seq) as next
            from outbox.event where topic = 'ducat.payments.v1' and key = '%s'
           order by seq desc offset 1 limit 1
        """
            .formatted(payment));
    String move =
        """
        update outbox.event e set seq = %s from public.swapped s
         where e.stream = s.stream and e.seq = %s and e.topic = 'ducat.payments.v1'
        """;
    sql(cluster, move.formatted("1000000", "s.seq"));
    sql(cluster, move.formatted("s.seq", "s.next"));
    sql(cluster, move.formatted("s.next", "1000000"));
    cluster.services().restart(Service.KAFKA);
    cluster.startAgain(0);
    expect(payment, "O2", "O3");
  }

  /** The key is forgotten while its owner may still come back, and he does. */
  private void sweepKeyTooEarly(Cluster cluster, Client client, String payment) throws Exception {
    sql(
        cluster,
        "update payment.saga set idempotency_key = null, key_expires_at = null where saga_id = '%s'"
            .formatted(uuid(payment)));
    new RedisFlush().strike(cluster, new Random(5));
    Sent sent = sent(payment);
    String again = pay(client, sent);
    assertThat(again).as("the same key, swept").isNotEqualTo(payment);
    expect(both(payment, again), "P1");
  }

  /** A relay without receipts: what was published is published again. */
  private void publishTwice(Cluster cluster, String payment) throws Exception {
    ConsumerRecord<String, byte[]> record = published(cluster, payment).getLast();
    publish(cluster, record);
    expect(payment, "O2");
  }

  /** Publishing before the commit: of a transaction that rolled back Kafka tells all the same. */
  private void publishWithoutCommit(Cluster cluster, String payment) throws Exception {
    ConsumerRecord<String, byte[]> record = published(cluster, payment).getLast();
    byte[] unknown = IdKind.EVENT.text(UUID.randomUUID()).getBytes(StandardCharsets.UTF_8);
    record.headers().remove("ce_id").add("ce_id", unknown);
    publish(cluster, record);
    expect(payment, "O1");
  }

  /** A saga that asks the PSP again under another key. */
  private void chargeUnderNewKey(Cluster cluster, String payment) throws Exception {
    String charge =
        Files.readAllLines(cluster.journal()).stream()
            .filter(line -> line.contains("\tCAPTURE\tDONE\t" + payment + "\t"))
            .findFirst()
            .orElseThrow();
    Files.writeString(
        cluster.journal(),
        charge.replaceFirst("/capture", "/capture-again") + "\n",
        StandardOpenOption.APPEND);
    expect(payment, "P8", "P10");
  }

  private void loseEvent(Cluster cluster, String payment) throws Exception {
    sql(
        cluster,
        "delete from outbox.event where topic = 'ducat.payments.v1' and version = 2 and key = '%s'"
            .formatted(payment));
    expect(payment, "P4", "O1");
  }

  /** Two nodes that both believe to own a shard, and no constraint to tell them. */
  private void dropConstraintAndPayTwice(Cluster cluster, String payment) throws Exception {
    UUID twin = UUID.randomUUID();
    sql(cluster, "drop index payment.saga_create_key");
    for (String table : List.of("payment.payment", "payment.saga")) {
      String copy = "public.twin_" + table.replace('.', '_');
      sql(
          cluster,
          "create table %s as select * from %s where payment_id = '%s'%s"
              .formatted(
                  copy,
                  table,
                  uuid(payment),
                  table.endsWith("saga") ? " and kind = 'PAYMENT'" : ""));
      sql(cluster, "update %s set payment_id = '%s'".formatted(copy, twin));
      if (table.endsWith("saga")) {
        sql(cluster, "update %s set saga_id = '%s'".formatted(copy, twin));
      }
      sql(cluster, "insert into %s select * from %s".formatted(table, copy));
    }
    String other = IdKind.PAYMENT.text(twin);
    // The twin has no events, no money and no PSP: that is seen as well.
    expect(other, "P4", "P10", "O3");
    expect(both(payment, other), "P1");
  }

  /** A posting that went the wrong way, with everything else about it in its place. */
  private void flipPosting(Cluster cluster, String payment) throws Exception {
    List<String> columns =
        List.of(
            "account",
            "version",
            "debits_posted",
            "credits_posted",
            "debits_pending",
            "credits_pending");
    String swaps =
        columns.stream()
            .map("debit_%1$s = credit_%1$s, credit_%1$s = debit_%1$s"::formatted)
            .collect(Collectors.joining(", "));
    sql(
        cluster,
        "update ledger.transfer set %s where reference = '%s' and kind = 3"
            .formatted(swaps, payment));
    expect(payment, "L2", "P10");
  }

  private static String both(String one, String other) {
    return String.join(" and ", new TreeSet<>(Set.of(one, other)));
  }

  private void expect(String subject, String... invariants) {
    planted.put(subject, Set.of(invariants));
  }

  private String pay(Client client, String key) {
    return pay(client, new Sent("default", key, 1_000, "EUR", "acme", "sim_ok"));
  }

  private String pay(Client client, Sent sent) {
    CreatePaymentRequest.Builder request =
        CreatePaymentRequest.newBuilder()
            .setIdempotencyKey(sent.key())
            .setMerchantAccount(sent.merchant())
            .setPaymentMethod(sent.method());
    request.getAmountBuilder().setCurrencyCode(sent.currency()).setMinorUnits(sent.amount());
    Payment payment =
        client
            .ask(sent, PaymentServiceGrpcClient.CreatePayment, request.build())
            .answer()
            .orElseThrow();
    assertThat(payment.getState()).isEqualTo(PaymentState.PAYMENT_STATE_SETTLED);
    sentById.put(payment.getPaymentId(), sent);
    return payment.getPaymentId();
  }

  private Sent sent(String payment) {
    Sent sent = sentById.get(payment);
    if (sent == null) {
      throw new IllegalStateException(payment + " was not paid here");
    }
    return sent;
  }

  private static void rest(Cluster cluster) {
    assertThat(new Drain(cluster.endpoints()).await(REST_MAX)).as("at rest").isTrue();
  }

  /** The broken invariants of each subject. */
  private Map<String, Set<String>> violations(Cluster cluster) {
    assertThat(witness.breaches()).isEmpty();
    InvariantCheck.Report report =
        new InvariantCheck(
                cluster.endpoints().postgres(),
                cluster.endpoints().kafkaBootstrap(),
                cluster.journal())
            .run(witness.history(), BalanceSamples.none());
    Map<String, Set<String>> found = new LinkedHashMap<>();
    for (Finding finding : report.findings()) {
      for (Finding.Violation violation : finding.violations()) {
        found.computeIfAbsent(violation.subject(), none -> new TreeSet<>()).add(finding.id());
      }
    }
    return found;
  }

  private static List<ConsumerRecord<String, byte[]>> published(Cluster cluster, String payment) {
    List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
    try (EventReader reader =
        EventReader.open(cluster.endpoints().kafkaBootstrap(), List.of(PAYMENTS), true)) {
      for (ConsumerRecord<String, byte[]> record : reader.drain()) {
        if (record.key().equals(payment)) {
          records.add(record);
        }
      }
    }
    return records;
  }

  private static void publish(Cluster cluster, ConsumerRecord<String, byte[]> record)
      throws Exception {
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", cluster.endpoints().kafkaBootstrap()),
            new StringSerializer(),
            new ByteArraySerializer())) {
      producer
          .send(
              new ProducerRecord<>(
                  record.topic(),
                  record.partition(),
                  record.key(),
                  record.value(),
                  record.headers()))
          .get();
    }
  }

  private static UUID uuid(String payment) {
    return IdKind.PAYMENT.parse(payment).orElseThrow();
  }

  /** Past the triggers that stop honest writers. */
  private static void sql(Cluster cluster, String change) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(cluster.services().postgres().jdbcUrl());
        Statement statement = connection.createStatement()) {
      statement.execute("set session_replication_role = replica");
      boolean query = statement.execute(change);
      assertThat(query).isFalse();
      if (change.strip().startsWith("update") || change.strip().startsWith("insert")) {
        assertThat(statement.getUpdateCount()).as(change).isEqualTo(1);
      }
    }
  }
}
