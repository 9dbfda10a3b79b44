package dev.ducat.consumer;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads Ducat's topics so that each event takes effect once in the consumer's own Postgres,
 * whatever is redelivered, crashed or rebalanced: effect, version check and offset are one
 * transaction.
 *
 * <p>One thread of its own polls Kafka and works through the partitions. It uses Kafka's client
 * directly: the Vert.x one announces an assignment after records may have been fetched from a wrong
 * place already.
 */
public final class EffectivelyOnceConsumer {
  private static final Logger LOG = LoggerFactory.getLogger(EffectivelyOnceConsumer.class);
  private static final Duration POLL = Duration.ofMillis(250);

  /**
   * After a kill the partitions wait this long for another process, unless it comes back under its
   * instance id.
   */
  private static final int SESSION_MS = 10_000;

  /** Between two attempts while Kafka refuses to be asked at all. */
  private static final Duration REFUSED = Duration.ofSeconds(1);

  private final ConsumerSettings settings;
  private final Pool pool;
  private final Inbox inbox;
  private final EventHandler handler;
  private final Map<TopicPartition, Progress> assigned = new HashMap<>();
  private final InstantSource clock = InstantSource.system();
  private final Promise<Void> ended = Promise.promise();
  private final KafkaConsumer<byte[], byte[]> kafka;
  private volatile boolean open = true;

  /**
   * Connects to nothing yet.
   *
   * @param pool the consumer's own database, in which {@link Inbox#create} has been called
   */
  public EffectivelyOnceConsumer(Pool pool, ConsumerSettings settings, EventHandler handler) {
    this.pool = pool;
    this.settings = settings;
    this.handler = handler;
    this.inbox = new Inbox(settings.name());
    Map<String, Object> config = new HashMap<>();
    config.put("session.timeout.ms", SESSION_MS);
    config.putAll(settings.kafka());
    config.put("bootstrap.servers", settings.bootstrap());
    config.put("group.id", settings.name());
    config.put("isolation.level", "read_committed");
    config.put("enable.auto.commit", false);
    // Where to begin is said by the inbox; an offset that Kafka no longer has is an alarm, not a
    // reason to jump.
    config.put("auto.offset.reset", "none");
    config.put("max.poll.records", settings.batchMax());
    this.kafka =
        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** Starts reading. Needs neither Kafka nor Postgres to be up: it waits for both. */
  public void start() {
    Thread.ofPlatform().name("ducat-consumer-" + settings.name()).start(this::run);
  }

  /** Ends after the transaction in hand and leaves the group. */
  public Future<Void> stop() {
    open = false;
    kafka.wakeup();
    return ended.future();
  }

  private void run() {
    try {
      kafka.subscribe(settings.topics(), new Rebalances());
      while (open) {
        try {
          runOnce();
        } catch (WakeupException stopping) {
          LOG.debug("consumer {} stops", settings.name());
        } catch (OffsetOutOfRangeException gone) {
          gone.partitions().forEach(this::lost);
        } catch (KafkaException away) {
          LOG.warn("consumer {}: {}", settings.name(), away.getMessage());
          LockSupport.parkNanos(REFUSED.toNanos());
        }
      }
    } catch (RuntimeException defect) {
      LOG.error("consumer {} ends", settings.name(), defect);
    } finally {
      kafka.close();
      ended.complete();
    }
  }

  /**
   * One round: partitions that wait are looked at, what has come is worked through.
   *
   * @return records taken from Kafka
   */
  int runOnce() {
    Map.copyOf(assigned).values().stream().filter(Progress::isDue).forEach(this::place);
    ConsumerRecords<byte[], byte[]> records = kafka.poll(POLL);
    for (TopicPartition partition : records.partitions()) {
      Progress progress = assigned.get(partition);
      if (progress != null) {
        work(progress, records.records(partition).stream().map(Event::of).toList());
      }
    }
    return records.count();
  }

  /** Reads where the inbox says that the partition stands, and fetches from there. */
  private void place(Progress progress) {
    TopicPartition partition = progress.partition();
    try {
      Optional<Long> stored = result(inbox.offset(pool, partition));
      if (stored.isEmpty()) {
        result(inbox.beginAt(pool, partition, firstContact(partition)));
        stored = result(inbox.offset(pool, partition));
      }
      long next = stored.orElseThrow();
      kafka.seek(partition, next);
      kafka.resume(List.of(partition));
      progress.standsAt(next);
    } catch (WakeupException stopping) {
      throw stopping;
    } catch (RuntimeException away) {
      failed(progress, away);
    }
  }

  /**
   * Retention was faster than this consumer, or the topic is another one: events are missing, and a
   * person decides.
   */
  private void lost(TopicPartition partition) {
    Progress progress = assigned.get(partition);
    if (progress != null) {
      failed(
          progress,
          new IllegalStateException(
              "Kafka has no offset " + progress.next() + ", where the inbox stands"));
    }
  }

  private long firstContact(TopicPartition partition) {
    List<TopicPartition> one = List.of(partition);
    Map<TopicPartition, Long> place =
        settings.firstContact() == FirstContact.NOW
            ? kafka.endOffsets(one)
            : kafka.beginningOffsets(one);
    return place.getOrDefault(partition, 0L);
  }

  private void work(Progress progress, List<Event> events) {
    int done = 0;
    while (done < events.size() && open) {
      int end = Math.min(events.size(), done + progress.batchMax(settings.batchMax()));
      List<Event> batch = events.subList(done, end);
      try {
        result(transaction(progress, batch));
      } catch (Overtaken elsewhere) {
        LOG.info("consumer {}: {} was advanced elsewhere", settings.name(), progress.partition());
        progress.overtaken();
        kafka.pause(List.of(progress.partition()));
        return;
      } catch (RuntimeException failed) {
        failed(progress, failed);
        return;
      }
      progress.advancedTo(batch.getLast().offset() + 1);
      done = end;
    }
    // For tools that watch the group's lag. Where it really stands is said by the inbox.
    kafka.commitAsync(
        Map.of(progress.partition(), new OffsetAndMetadata(progress.next())), (offsets, why) -> {});
  }

  /**
   * The events and everything that follows from them, in one transaction. Two consumers that both
   * believe to have the partition meet at its offset: the second one finds it advanced, whether the
   * first has committed or died.
   */
  private Future<Void> transaction(Progress progress, List<Event> events) {
    TopicPartition partition = progress.partition();
    long after = events.getLast().offset() + 1;
    return pool.withTransaction(
        tx ->
            inbox
                .advance(tx, partition, progress.next(), after)
                .compose(
                    ours ->
                        ours
                            ? inbox.known(tx, partition.topic(), events)
                            : Future.failedFuture(new Overtaken()))
                .compose(
                    known ->
                        take(
                            tx,
                            partition.topic(),
                            InboxRules.decide(
                                known, events, settings.firstContact().anyFirstVersion()))));
  }

  private Future<Void> take(SqlConnection tx, String topic, InboxRules.Decision decision) {
    Future<Void> handled = Future.succeededFuture();
    for (Event event : decision.apply()) {
      handled = handled.compose(before -> handle(tx, event));
    }
    return handled
        .compose(all -> inbox.remember(tx, topic, decision))
        .onSuccess(
            written ->
                decision
                    .park()
                    .forEach(
                        event ->
                            LOG.error(
                                "consumer {}: {} of {} came too early and is parked: an earlier"
                                    + " version is missing",
                                settings.name(),
                                event.version(),
                                event.key())));
  }

  private Future<Void> handle(SqlConnection tx, Event event) {
    try {
      return handler.handle(tx, event);
    } catch (Exception refused) {
      return Future.failedFuture(refused);
    }
  }

  /**
   * Nothing more is fetched from the partition until it is due; then the inbox says where it
   * stands.
   */
  private void failed(Progress progress, RuntimeException failure) {
    if (progress.failures() == 0) {
      LOG.warn("consumer {}: {} waits", settings.name(), progress.partition(), failure);
    } else {
      LOG.warn(
          "consumer {}: {} waits: {}", settings.name(), progress.partition(), failure.toString());
    }
    progress.failed(settings.batchMax(), settings.retryMax());
    kafka.pause(List.of(progress.partition()));
  }

  private <T> T result(Future<T> future) {
    try {
      return future.await(settings.answerMax().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException late) {
      // It may still commit; then the offset says so.
      throw new IllegalStateException("no answer within " + settings.answerMax(), late);
    }
  }

  /** The partition did not stand where we believed: nothing was changed. */
  private static final class Overtaken extends RuntimeException {
    Overtaken() {
      super("the partition was advanced elsewhere", null, false, false);
    }
  }

  private final class Rebalances implements ConsumerRebalanceListener {
    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      // Paused before the first fetch, at a place that is as good as any until the inbox is asked.
      kafka.pause(partitions);
      partitions.forEach(partition -> kafka.seek(partition, 0));
      partitions.forEach(partition -> assigned.put(partition, new Progress(partition, clock)));
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      partitions.forEach(assigned::remove);
    }
  }
}
