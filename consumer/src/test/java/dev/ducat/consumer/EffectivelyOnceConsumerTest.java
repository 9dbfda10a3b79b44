package dev.ducat.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.Service;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The consumer on a real broker and a real database; its effect is a row for each event it was
 * handed.
 */
class EffectivelyOnceConsumerTest {
  private static final Duration LIMIT = Duration.ofSeconds(40);

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final List<EffectivelyOnceConsumer> started = new ArrayList<>();
  private Pool pool;
  private EventTopic topic;

  @BeforeEach
  void setUp() throws Exception {
    String suffix = UUID.randomUUID().toString().replace("-", "");
    Vertx vertx = Vertx.vertx();
    opened.add(() -> vertx.close().await());
    pool =
        PgBuilder.pool()
            .with(new PoolOptions().setMaxSize(4))
            .connectingTo(
                EmbeddedServices.forTests(Service.POSTGRES)
                    .postgres()
                    .createDatabase("consumer_" + suffix)
                    .uri())
            .using(vertx)
            .build();
    opened.add(() -> pool.close().await());
    Inbox.create(pool).await();
    pool.query("create table effect (nr bigserial, key text, version bigint, id text)")
        .execute()
        .await();
    topic = new EventTopic("test." + suffix, 3);
    opened.add(topic);
  }

  @AfterEach
  void tearDown() throws Exception {
    started.forEach(consumer -> consumer.stop().await());
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void duplicatesInTheTopicTakeEffectOnce() {
    topic.publish("a", 1, 1, 2, 1, 3, 2, 3);
    topic.publish("b", 1, 2, 1, 2);
    start(settings());
    topic.publish("c", 1);
    awaitEffects("a1", "a2", "a3", "b1", "b2", "c1");
  }

  @Test
  void withoutVersionsEachIdTakesEffectOnce() {
    for (String id : List.of("evt_2", "evt_1", "evt_2", "evt_3", "evt_1")) {
      topic.publish("a", 0, id, "test", new byte[0]);
    }
    topic.flush();
    start(settings());
    topic.publish("z", 1);
    awaitEffects("a0", "a0", "a0", "z1");
    assertThat(ids()).containsExactlyInAnyOrder("evt_2", "evt_1", "evt_3", "evt_z_1");
  }

  @Test
  void aGapParksItsKeyInViewAndTheMissingVersionReleasesIt() {
    topic.publish("a", 1, 3, 4, 4);
    topic.publish("b", 1, 2);
    start(settings());
    awaitEffects("a1", "b1", "b2");
    await().atMost(LIMIT).until(() -> !gaps().isEmpty());
    assertThat(gaps()).containsExactly(new Inbox.Gap(topic.name(), "a", 1, 3, 2));

    topic.publish("a", 2, 5);
    awaitEffects("a1", "a2", "a3", "a4", "a5", "b1", "b2");
    await().atMost(LIMIT).until(() -> gaps().isEmpty());
  }

  @Test
  void goesOnWhereItStoppedWithoutHelpFromKafka() {
    EffectivelyOnceConsumer first = start(settings());
    topic.publish("a", 1, 2);
    awaitEffects("a1", "a2");
    first.stop().await();
    topic.publish("a", 3);
    // Kafka would begin again: what counts is the inbox. So the versions are taken away, and only
    // the offset helps.
    pool.query("delete from inbox.version").execute().await();
    start(settings().withFirstContact(FirstContact.RETAINED));
    awaitEffects("a1", "a2", "a3");
  }

  @Test
  void canBeginWithWhatComesNow() {
    topic.publish("a", 1, 2, 3);
    start(settings().withFirstContact(FirstContact.NOW));
    await().atMost(LIMIT).until(() -> count("select count(*) from inbox.offset") == 3);
    topic.publish("a", 4, 5);
    awaitEffects("a4", "a5");
  }

  @Test
  void anEventThatIsRefusedWaitsWithItsPartitionAndLeavesNoTrace() {
    AtomicInteger refusals = new AtomicInteger();
    topic.publish("a", 1, 2, 3);
    start(
        settings(),
        (tx, event) -> {
          Future<Void> effect = record(tx, event);
          if (event.version() == 2 && refusals.incrementAndGet() <= 3) {
            return effect.compose(written -> Future.failedFuture("not now"));
          }
          if (event.version() == 3 && refusals.get() == 4) {
            throw new IllegalStateException("thrown once, after " + refusals.incrementAndGet());
          }
          return effect;
        });
    awaitEffects("a1", "a2", "a3");
    assertThat(refusals.get()).isGreaterThanOrEqualTo(4);
  }

  @Test
  void rebalancesLoseNothingAndDoubleNothing() {
    List<String> expected = new ArrayList<>();
    EffectivelyOnceConsumer first = start(settings().withBatchMax(5));
    publishRound(expected, 1);
    EffectivelyOnceConsumer second = start(settings().withBatchMax(5));
    publishRound(expected, 2);
    await().atMost(LIMIT).until(() -> count("select count(*) from effect") >= 40);
    first.stop().await();
    publishRound(expected, 3);
    start(settings().withBatchMax(5));
    publishRound(expected, 4);
    second.stop().await();
    awaitEffects(expected.toArray(String[]::new));
  }

  @Test
  void aConsumerThatWasThrownOutOfItsGroupDoublesNothing() {
    AtomicBoolean paused = new AtomicBoolean();
    Promise<Void> wakeUp = Promise.promise();
    Map<String, String> impatient = Map.of("max.poll.interval.ms", "2000");
    topic.publish("a", 1);
    topic.publish("b", 1);
    topic.publish("c", 1);
    start(
        settings().withKafka(impatient),
        (tx, event) -> {
          Future<Void> effect = record(tx, event);
          if (event.version() == 2 && paused.compareAndSet(false, true)) {
            return effect.compose(written -> wakeUp.future());
          }
          return effect;
        });
    awaitEffects("a1", "b1", "c1");
    topic.publish("a", 2, 3);
    await().atMost(LIMIT).until(paused::get);
    EffectivelyOnceConsumer second = start(settings());
    topic.publish("b", 2);
    topic.publish("c", 2);
    // The second one has taken the partitions over, and waits for the row that the first one's
    // transaction holds.
    await().atMost(LIMIT).until(() -> count("select count(*) from pg_locks where not granted") > 0);
    wakeUp.complete();
    awaitEffects("a1", "a2", "a3", "b1", "b2", "c1", "c2");
    second.stop().await();
  }

  @Test
  void ofTwoThatAdvanceOnePartitionFromTheSamePlaceTheSecondIsRefused() {
    Inbox inbox = new Inbox("test");
    TopicPartition partition = new TopicPartition(topic.name(), 0);
    inbox.beginAt(pool, partition, 7).await();
    inbox.beginAt(pool, partition, 9).await();
    Promise<Void> hold = Promise.promise();
    Promise<Void> holding = Promise.promise();
    Future<Boolean> first =
        pool.withTransaction(
            tx ->
                inbox
                    .advance(tx, partition, 7, 12)
                    .onSuccess(done -> holding.complete())
                    .compose(ours -> hold.future().map(ours)));
    holding.future().await();
    Future<Boolean> second = pool.withTransaction(tx -> inbox.advance(tx, partition, 7, 10));
    await().atMost(LIMIT).until(() -> count("select count(*) from pg_locks where not granted") > 0);
    hold.complete();
    assertThat(first.await()).isTrue();
    assertThat(second.await()).isFalse();
    assertThat(inbox.offset(pool, partition).await()).contains(12L);
  }

  private void publishRound(List<String> expected, int version) {
    for (int key = 0; key < 30; key++) {
      topic.publish("k" + key, version);
      expected.add("k" + key + version);
    }
  }

  private ConsumerSettings settings() {
    return ConsumerSettings.of("test", EventTopic.bootstrap(), topic.name())
        .withRetryMax(Duration.ofMillis(200));
  }

  private EffectivelyOnceConsumer start(ConsumerSettings settings) {
    return start(settings, EffectivelyOnceConsumerTest::record);
  }

  private EffectivelyOnceConsumer start(ConsumerSettings settings, EventHandler handler) {
    EffectivelyOnceConsumer consumer = new EffectivelyOnceConsumer(pool, settings, handler);
    consumer.start();
    started.add(consumer);
    return consumer;
  }

  private static Future<Void> record(SqlConnection tx, Event event) {
    return tx.preparedQuery(
            "insert into effect (key, version, id) values ($1::text, $2::bigint, $3::text)")
        .execute(Tuple.of(event.key(), event.version(), event.id()))
        .mapEmpty();
  }

  /** Waits for so many effects, then compares them: each once, and in order per key. */
  private void awaitEffects(String... expected) {
    await().atMost(LIMIT).until(() -> count("select count(*) from effect") >= expected.length);
    List<String> found = texts("select key || version from effect order by key, nr");
    assertThat(found).containsExactlyInAnyOrder(expected);
    assertThat(texts("select key || version from effect order by key, version")).isEqualTo(found);
  }

  private List<Inbox.Gap> gaps() {
    return Inbox.gaps(pool, "test", 10).await();
  }

  private List<String> ids() {
    return texts("select id from effect");
  }

  private long count(String sql) {
    return pool.query(sql).execute().await().iterator().next().getLong(0);
  }

  private List<String> texts(String sql) {
    List<String> texts = new ArrayList<>();
    for (Row row : pool.query(sql).execute().await()) {
      texts.add(row.getString(0));
    }
    return texts;
  }
}
