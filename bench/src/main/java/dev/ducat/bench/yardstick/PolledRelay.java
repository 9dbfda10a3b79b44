package dev.ducat.bench.yardstick;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.outbox.OutboxEvent;
import dev.ducat.kernel.outbox.OutboxStore;
import dev.ducat.kernel.outbox.StoredEvent;
import dev.ducat.kernel.sql.Await;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A plain relay: read what is after the position, send it with an idempotent producer, wait for all
 * acknowledgements, move the position. At least once, and nobody watches over two of them.
 */
final class PolledRelay implements AutoCloseable {
  private static final int READ_MAX = 4_000;
  private static final Duration PAUSE = Duration.ofMillis(1);
  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);
  private static final Header SPEC_VERSION = header("ce_specversion", "1.0");
  private static final Header CONTENT_TYPE = header("content-type", "application/protobuf");

  private static final String ADVANCE =
      """
      update public.relayed r set seq = p.seq
        from unnest($1::text[], $2::bigint[]) as p(stream, seq) where r.stream = p.stream
      """;

  private final Vertx vertx;
  private final OwnDatabase database;
  private final OwnTopics topics;
  private final Backlog backlog;
  private final KafkaProducer<byte[], byte[]> producer;
  private final Thread thread;
  private volatile boolean closing;

  PolledRelay(Vertx vertx, OwnDatabase database, String kafka, Backlog backlog) {
    this.vertx = vertx;
    this.database = database;
    this.backlog = backlog;
    this.topics = OwnTopics.create(kafka, List.of(CeilingLane.PAYMENTS, CeilingLane.LEDGER));
    this.producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                kafka,
                "acks",
                "all",
                "enable.idempotence",
                true,
                "linger.ms",
                0,
                "batch.size",
                256 << 10,
                "buffer.memory",
                64L << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    this.thread = Thread.ofPlatform().name("bench-relay").start(this::loop);
  }

  /** Fails unless Kafka holds this many records. */
  void check(long events) {
    long records = topics.records();
    if (records != events) {
      throw new IllegalStateException(
          "%d events, but %d records in Kafka".formatted(events, records));
    }
  }

  @Override
  public void close() {
    closing = true;
    try {
      thread.join();
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
    }
    producer.close(Duration.ofSeconds(5));
    topics.close();
  }

  private void loop() {
    PgConnection connection =
        Await.result(
            PgConnection.connect(vertx, database.settings().forQueries("bench-relay")), ANSWER_MAX);
    try {
      Map<String, Long> positions = new HashMap<>();
      for (Row row :
          Await.result(
              connection.query("select stream, seq from public.relayed").execute(), ANSWER_MAX)) {
        positions.put(row.getString(0), row.getLong(1));
      }
      while (!closing) {
        int relayed = relay(connection, positions);
        if (relayed == 0) {
          LockSupport.parkNanos(PAUSE.toNanos());
        }
        backlog.relayed(relayed);
      }
    } catch (RuntimeException failed) {
      backlog.broken();
      throw failed;
    } finally {
      Await.result(connection.close(), ANSWER_MAX);
    }
  }

  private int relay(PgConnection connection, Map<String, Long> positions) {
    // A map's order is as good as any, and another stream comes first when the last one is empty:
    // the limit is above what a batch adds to a stream.
    String[] streams = positions.keySet().toArray(String[]::new);
    Long[] seqs = positions.values().toArray(Long[]::new);
    List<StoredEvent> events =
        Await.result(OutboxStore.afterPositions(connection, streams, seqs, READ_MAX), ANSWER_MAX);
    if (events.isEmpty()) {
      return 0;
    }
    List<Future<RecordMetadata>> sent = new ArrayList<>(events.size());
    Map<String, Long> reached = new HashMap<>();
    for (StoredEvent event : events) {
      sent.add(producer.send(record(event, topics.named(event.event().topic()))));
      reached.put(event.stream(), event.seq());
    }
    sent.forEach(PolledRelay::acknowledged);
    Await.result(
        connection
            .preparedQuery(ADVANCE)
            .execute(
                Tuple.from(
                    new Object[] {
                      reached.keySet().toArray(String[]::new), reached.values().toArray(Long[]::new)
                    })),
        ANSWER_MAX);
    positions.putAll(reached);
    return events.size();
  }

  private static void acknowledged(Future<RecordMetadata> sent) {
    try {
      sent.get(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
    } catch (Exception refused) {
      throw new IllegalStateException("Kafka did not take a record", refused);
    }
  }

  /** The same headers as Ducat's. */
  private static ProducerRecord<byte[], byte[]> record(StoredEvent stored, String topic) {
    OutboxEvent event = stored.event();
    byte[] key = event.key().getBytes(UTF_8);
    List<Header> headers = new ArrayList<>(11);
    headers.add(header("ce_id", IdKind.EVENT.text(event.eventId())));
    headers.add(header("ce_type", event.type()));
    headers.add(header("ce_source", event.source()));
    headers.add(header("ce_time", event.createdAt().toString()));
    headers.add(new RecordHeader("ce_subject", key));
    headers.add(SPEC_VERSION);
    headers.add(CONTENT_TYPE);
    headers.add(header("tenant", event.tenant()));
    headers.add(header("version", Long.toString(event.version())));
    headers.add(header("stream", stored.stream()));
    headers.add(header("seq", Long.toString(stored.seq())));
    return new ProducerRecord<>(topic, null, null, key, event.payload().getBytes(), headers);
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(UTF_8));
  }
}
