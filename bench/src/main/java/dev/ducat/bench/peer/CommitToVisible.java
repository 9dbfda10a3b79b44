package dev.ducat.bench.peer;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.ducat.bench.Bounds;
import dev.ducat.bench.Run;
import dev.ducat.bench.yardstick.Clients;
import dev.ducat.bench.yardstick.OwnDatabase;
import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.kernel.sql.Await;
import dev.ducat.kernel.sql.SqlStatement;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Writes events to an outbox at a fixed rate, whatever becomes of them, and reads them from Kafka.
 * A latency runs from the answer to the commit to the return of the consumer's poll.
 */
final class CommitToVisible {
  /** Events that one payment makes, transfers included; one transaction writes them here. */
  private static final int EVENTS = 8;

  private static final int WRITERS = 4;
  private static final int PAYLOAD_BYTES = 350;
  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);
  private static final Duration LATE_MAX = Duration.ofSeconds(10);
  private static final Duration POLL_MAX = Duration.ofMillis(100);

  private final Vertx vertx;
  private final OwnDatabase database;
  private final String kafka;
  private final String topic;
  private final int transactionsPerSecond;
  private final AtomicInteger received = new AtomicInteger();
  private AtomicLongArray commits = new AtomicLongArray(0);
  private AtomicLongArray arrivals = new AtomicLongArray(0);

  CommitToVisible(
      Vertx vertx, OwnDatabase database, String kafka, String topic, int transactionsPerSecond) {
    this.vertx = vertx;
    this.database = database;
    this.kafka = kafka;
    this.topic = topic;
    this.transactionsPerSecond = transactionsPerSecond;
  }

  /** Events written by the last run. */
  int written() {
    return commits.length();
  }

  /** One run; events of the warm-up are not counted. */
  Run run(Bounds bounds, long seqBefore) {
    int warmUp = transactions(bounds.warmUp());
    int measured =
        (int) Math.min(transactions(bounds.measured()), Math.ceilDiv(bounds.countMax(), EVENTS));
    int all = warmUp + measured;
    commits = new AtomicLongArray(all * EVENTS);
    arrivals = new AtomicLongArray(all * EVENTS);
    received.set(0);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      AtomicInteger ready = new AtomicInteger();
      List<java.util.concurrent.Future<?>> work = new ArrayList<>();
      work.add(threads.submit(() -> read(ready)));
      while (ready.get() == 0) {
        LockSupport.parkNanos(1_000_000);
      }
      long start = System.nanoTime();
      for (int i = 0; i < WRITERS; i++) {
        int writer = i;
        work.add(threads.submit(() -> write(writer, all, start, seqBefore)));
      }
      for (java.util.concurrent.Future<?> one : work) {
        one.get();
      }
    } catch (ExecutionException failed) {
      throw new IllegalStateException("the measurement failed", failed.getCause());
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", ending);
    }
    Histogram latencies = Clients.histogram();
    for (int i = warmUp * EVENTS; i < commits.length(); i++) {
      latencies.recordValue(Math.max(0, (arrivals.get(i) - commits.get(i)) / 1_000));
    }
    Duration took = Duration.ofNanos(measured * 1_000_000_000L / transactionsPerSecond);
    return new Run(latencies.getTotalCount(), took, latencies);
  }

  private int transactions(Duration time) {
    return (int) (time.toMillis() * transactionsPerSecond / 1_000);
  }

  private void write(int writer, int transactions, long start, long seqBefore) {
    PgConnection connection =
        Await.result(
            PgConnection.connect(vertx, database.settings().forLanes("bench-writer")), ANSWER_MAX);
    for (int i = writer; i < transactions; i += WRITERS) {
      long due = start + i * 1_000_000_000L / transactionsPerSecond;
      for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
        LockSupport.parkNanos(wait);
      }
      SqlStatement insert = OutboxStore.insert(events(writer, i, seqBefore));
      Future<?> begin = connection.query("BEGIN").execute();
      Future<?> inserted = connection.preparedQuery(insert.text()).execute(insert.parameters());
      Future<?> commit = connection.query("COMMIT").execute();
      Await.result(Future.all(begin, inserted, commit), ANSWER_MAX);
      long now = System.nanoTime();
      for (int event = i * EVENTS; event < (i + 1) * EVENTS; event++) {
        commits.set(event, now);
      }
    }
    Await.result(connection.close(), ANSWER_MAX);
  }

  private static List<StoredEvent> events(int writer, int transaction, long seqBefore) {
    List<StoredEvent> events = new ArrayList<>(EVENTS);
    Instant now = Instant.now();
    for (int i = 0; i < EVENTS; i++) {
      int number = transaction * EVENTS + i;
      Buffer payload = Buffer.buffer(new byte[PAYLOAD_BYTES]).setInt(0, number);
      OutboxEvent event =
          new OutboxEvent(
              UuidCreator.getTimeOrderedEpoch(),
              Topics.PAYMENTS,
              "pay_" + transaction,
              "dev.ducat.payment.authorized.v1",
              "/ducat/payments",
              payload,
              i + 1,
              "default",
              null,
              now);
      events.add(new StoredEvent("payment.shard." + writer, seqBefore + number + 1, event));
    }
    return events;
  }

  private void read(AtomicInteger ready) {
    Map<String, Object> settings =
        Map.of("bootstrap.servers", kafka, "isolation.level", "read_committed");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      consumer.poll(Duration.ZERO);
      ready.set(1);
      long silentSince = System.nanoTime();
      while (received.get() < arrivals.length()) {
        var records = consumer.poll(POLL_MAX);
        long now = System.nanoTime();
        if (!records.isEmpty()) {
          silentSince = now;
        } else if (now - silentSince > LATE_MAX.toNanos()) {
          throw new IllegalStateException(
              "only %d of %d events came".formatted(received.get(), arrivals.length()));
        }
        for (ConsumerRecord<byte[], byte[]> record : records) {
          if (arrivals.compareAndSet(Buffer.buffer(record.value()).getInt(0), 0, now)) {
            received.incrementAndGet();
          }
        }
      }
    }
  }
}
