package dev.ducat.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.events.v1.AuditEvent;
import dev.ducat.proto.internal.v1.DeadEventsQuery;
import dev.ducat.proto.internal.v1.DeadEventsReply;
import dev.ducat.proto.internal.v1.RedriveCommand;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.operations.v1.DeadEvent;
import dev.ducat.proto.operations.v1.DeadEventCause;
import dev.ducat.proto.operations.v1.ListDeadEventsRequest;
import dev.ducat.relay.RelaySettings.Mode;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Events that Kafka refuses: parked with those that wait behind them, and published after all. */
class ParkedEventsTest extends RelayHarness {
  private static final Buffer LARGE = Buffer.buffer(new byte[5_000]);

  private TestNode node;
  private OutboxWriter writer;
  private KafkaReader reader;

  @BeforeEach
  void open() throws Exception {
    node = node("node-1");
    writer = writer(node);
    reader = reader();
    KafkaReader.narrowTopic(2_000);
  }

  @Test
  void othersFlowAndAfterTheRedriveEachPaymentIsWhole() throws Exception {
    RelayVerticle relay = deploy(node);
    writer.write("payment.shard.0", "pay_other", "pay_large");
    writer.write("payment.shard.0", Topics.PAYMENTS, LARGE, List.of("pay_large"));
    writer.write("payment.shard.0", "pay_large", "pay_other", "pay_large");
    writer.write("payment.shard.2", "pay_beside");
    awaitArrived(Set.of("pay_other 1", "pay_large 1", "pay_other 2", "pay_beside 1"));
    awaitDead(3);
    // Comes when its payment has long been parked.
    writer.write("payment.shard.0", "pay_large");
    List<DeadEvent> dead = awaitDead(4);
    assertThat(dead).extracting(DeadEvent::getVersion).containsExactly(2L, 3L, 4L, 5L);
    assertThat(dead).extracting(DeadEvent::getKey).containsOnly("pay_large");
    assertThat(dead.getFirst().getCause()).isEqualTo(DeadEventCause.DEAD_EVENT_CAUSE_REFUSED);
    assertThat(dead.getFirst().getError()).contains("RecordTooLarge");
    assertThat(dead.subList(1, 4))
        .extracting(DeadEvent::getCause)
        .containsOnly(DeadEventCause.DEAD_EVENT_CAUSE_WAITS_BEHIND);
    assertThat(gauge(node, "ducat.relay.parked")).isEqualTo(4);
    awaitState(relay, status -> status.state() == SlotState.RELAYING);

    assertThat(redrive(dead.get(1)).getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_EVENT_WAITS_BEHIND);
    KafkaReader.widenTopic();
    assertThat(redrive(dead.getFirst()).getEvent().getRedrivePending()).isTrue();
    awaitDead(0);
    writer.write("payment.shard.0", "pay_large", "pay_other");
    reader.awaitExactly(writer.written());
    assertThat(redrive(dead.getFirst()).getRefusal().getReason())
        .isEqualTo(RefusalReason.REFUSAL_REASON_EVENT_NOT_FOUND);

    // It has a stream of its own, and comes when it comes.
    await().atMost(LIMIT).until(() -> audit().size() == 1);
    List<AuditEvent> audit = audit();
    assertThat(audit.getFirst().getAction()).isEqualTo("RedriveEvent");
    assertThat(audit.getFirst().getResource()).isEqualTo(dead.getFirst().getEventId());
    assertThat(audit.getFirst().getReason()).isEqualTo("the topic has room now");
  }

  @Test
  void aRedriveThatIsRefusedAgainStaysParkedBehindNothingNew() throws Exception {
    deploy(node);
    writer.write("payment.shard.0", Topics.PAYMENTS, LARGE, List.of("pay_large"));
    writer.write("payment.shard.0", "pay_large");
    List<DeadEvent> dead = awaitDead(2);
    redrive(dead.getFirst());
    await().atMost(LIMIT).until(() -> list("").stream().noneMatch(DeadEvent::getRedrivePending));
    writer.write("payment.shard.0", "pay_large", "pay_other");
    awaitArrived(Set.of("pay_other 1"));
    assertThat(awaitDead(3)).extracting(DeadEvent::getVersion).containsExactly(1L, 2L, 3L);
    KafkaReader.widenTopic();
    redrive(dead.getFirst());
    awaitDead(0);
    reader.awaitExactly(writer.written());
  }

  @Test
  void manyRefusalsInMixedBatchesEndInOrder() throws Exception {
    writeMixed(event -> {});
    deploy(node);
    refusedOnesAreParkedAndComeWhenAskedFor();
  }

  @Test
  void whatLanesHandOnIsParkedAndHeldAsWhatTheTableHas() throws Exception {
    RelayVerticle relay = deploy(node);
    awaitState(relay, status -> status.state() == SlotState.RELAYING);
    writeMixed(event -> handOn(node, List.of(event)));
    refusedOnesAreParkedAndComeWhenAskedFor();
  }

  private void writeMixed(Consumer<StoredEvent> then) {
    Random random = new Random(42);
    for (int i = 0; i < 200; i++) {
      String key = "pay_" + random.nextInt(30);
      Buffer payload = random.nextInt(15) == 0 ? LARGE : Buffer.buffer("small");
      // A payment has one stream for life.
      writer.write(
          "payment.shard." + Math.floorMod(key.hashCode(), 4),
          Topics.PAYMENTS,
          payload,
          List.of(key));
      then.accept(writer.written().getLast());
    }
  }

  private void refusedOnesAreParkedAndComeWhenAskedFor() throws Exception {
    Set<String> refused = new HashSet<>();
    Set<String> free = new HashSet<>();
    for (StoredEvent event : writer.written()) {
      if (event.event().payload().length() > 1_000) {
        refused.add(event.event().key());
      }
      if (!refused.contains(event.event().key())) {
        free.add(event.event().key() + " " + event.event().version());
      }
    }
    assertThat(refused).hasSizeGreaterThan(5);
    List<DeadEvent> dead = awaitDead(writer.written().size() - free.size());
    awaitArrived(free);
    assertThat(dead)
        .filteredOn(event -> event.getCause() == DeadEventCause.DEAD_EVENT_CAUSE_REFUSED)
        .extracting(DeadEvent::getKey)
        .containsExactlyInAnyOrderElementsOf(refused);
    KafkaReader.widenTopic();
    redriveAll(dead);
    awaitDead(0);
    reader.awaitExactly(writer.written());
  }

  @Test
  void anInvalidTopicParksItsEventsAndNoOthers() {
    writer.write("payment.shard.0", "pay_1");
    writer.write("payment.shard.0", "no topic!", Buffer.buffer("x"), List.of("pay_2"));
    writer.write("payment.shard.0", "pay_1");
    deploy(node);
    awaitArrived(Set.of("pay_1 1", "pay_1 2"));
    assertThat(awaitDead(1).getFirst().getError()).contains("InvalidTopic");
  }

  @Test
  void nothingIsLostOrDoubledByAKillBetweenParkingAndPassing() throws Exception {
    writer.write("payment.shard.0", "pay_other", "pay_large");
    writer.write("payment.shard.0", Topics.PAYMENTS, LARGE, List.of("pay_large"));
    writer.write("payment.shard.0", "pay_large", "pay_other");
    killedAt("EVENT_PARKED");
    // Now Kafka would take it, but whoever parked it may have told somebody: it waits to be asked
    // for.
    KafkaReader.widenTopic();
    deploy(node);
    awaitArrived(Set.of("pay_other 1", "pay_large 1", "pay_other 2"));
    List<DeadEvent> dead = awaitDead(2);
    redrive(dead.getFirst());
    awaitDead(0);
    reader.awaitExactly(writer.written());
  }

  @Test
  void nothingIsDoubledByAKillBetweenRedriveAndMark() throws Exception {
    RelayVerticle relay = deploy(node);
    writer.write("payment.shard.0", "pay_other");
    writer.write("payment.shard.0", Topics.PAYMENTS, LARGE, List.of("pay_large"));
    writer.write("payment.shard.0", "pay_large", "pay_large", "pay_other");
    List<DeadEvent> dead = awaitDead(3);
    TestNode.await(node.vertx().undeploy(relay.deploymentID()));
    KafkaReader.widenTopic();
    sql("update outbox.parked set redrive_asked_at = clock_timestamp()");
    killedAt("REDRIVE_COMMITTED");
    assertThat(sql("select count(*) from outbox.parked where redriven_at is null"))
        .isEqualTo("[3]");

    RelayVerticle again = deploy(node);
    awaitState(again, status -> status.state() == SlotState.RELAYING);
    await()
        .atMost(LIMIT)
        .until(
            () ->
                sql("select count(*) from outbox.parked where redriven_at is null").equals("[0]"));
    assertThat(dead).hasSize(3);
    writer.write("payment.shard.0", "pay_large");
    reader.awaitExactly(writer.written());
  }

  @Test
  void whoeverLostTheSlotParksNothing() {
    writer.write("payment.shard.0", "pay_1");
    Lease lease = new Lease(UnitKind.RELAY_SLOT, 0, UUID.randomUUID(), 1, 0);
    RelayStore store =
        new RelayStore(
            node.vertx(), postgres, 0, Positions.streamsOf(0, SHARDS), SlotSession.READ_MAX);
    opened(store::discard);
    sql(
        "update outbox.stream set owner = '%s', epoch = 1 where stream = 'relay.slot.0'"
            .formatted(lease.owner()));
    ParkedStore late = store.parked(lease);
    late.parkRefused(writer.written(), "first");
    writer.write("payment.shard.0", "pay_2");
    sql("update outbox.stream set epoch = 2 where stream = 'relay.slot.0'");
    List<StoredEvent> second = writer.written().subList(1, 2);
    assertThatThrownBy(() -> late.parkRefused(second, "late")).hasMessageContaining("fenced");
    store.discard();
    assertThat(sql("select count(*) from outbox.parked")).isEqualTo("[1]");
    assertThatThrownBy(() -> store.parked(lease).parkRefused(second, "late"))
        .hasMessageContaining("somebody else's");
  }

  private void killedAt(String point) throws Exception {
    Process killed = RelayProcess.start(postgres, "node-2", point, Mode.EXACTLY_ONCE);
    try {
      assertThat(killed.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      killed.destroyForcibly();
    }
    assertThat(killed.exitValue()).isEqualTo(137);
  }

  private String sql(String text) {
    JsonArray first = new JsonArray();
    TestNode.await(node.node().queries().query(text).execute())
        .forEach(row -> first.add(row.getValue(0)));
    return first.encode();
  }

  private void awaitArrived(Set<String> events) {
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(
                        reader.read().stream()
                            .filter(r -> !r.topic().equals(Topics.AUDIT))
                            .map(
                                r ->
                                    new String(r.key(), UTF_8)
                                        + " "
                                        + KafkaReader.header(r, "version")))
                    .containsExactlyInAnyOrderElementsOf(events));
  }

  private List<AuditEvent> audit() throws InvalidProtocolBufferException {
    List<AuditEvent> audit = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : reader.read()) {
      if (record.topic().equals(Topics.AUDIT)) {
        audit.add(AuditEvent.parseFrom(record.value()));
      }
    }
    return audit;
  }

  private List<DeadEvent> awaitDead(int count) {
    await().atMost(LIMIT).until(() -> list("").size() == count);
    return list("");
  }

  /** All pages, of two each. */
  private List<DeadEvent> list(String token) {
    ListDeadEventsRequest request =
        ListDeadEventsRequest.newBuilder().setPageSize(2).setPageToken(token).build();
    DeadEventsReply reply = ask(DeadEventsQuery.newBuilder().setList(request).build());
    List<DeadEvent> all = new ArrayList<>(reply.getList().getEventsList());
    if (!reply.getList().getNextPageToken().isEmpty()) {
      all.addAll(list(reply.getList().getNextPageToken()));
    }
    return all;
  }

  private void redriveAll(List<DeadEvent> dead) {
    dead.stream()
        .filter(event -> event.getCause() == DeadEventCause.DEAD_EVENT_CAUSE_REFUSED)
        .forEach(event -> assertThat(redrive(event).hasEvent()).isTrue());
  }

  private DeadEventsReply redrive(DeadEvent event) {
    UUID id = IdKind.EVENT.parse(event.getEventId()).orElseThrow();
    ByteBuffer bytes = ByteBuffer.allocate(16);
    bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()).flip();
    return ask(
        DeadEventsQuery.newBuilder()
            .setRedrive(
                RedriveCommand.newBuilder()
                    .setEventId(ByteString.copyFrom(bytes))
                    .setActor("operator")
                    .setReason("the topic has room now"))
            .build());
  }

  private DeadEventsReply ask(DeadEventsQuery query) {
    return TestNode.await(
        node.node()
            .bus()
            .ask(
                RelayQueries.DEAD_ADDRESS,
                query,
                DeadEventsReply.getDefaultInstance(),
                Duration.ofSeconds(5)));
  }
}
