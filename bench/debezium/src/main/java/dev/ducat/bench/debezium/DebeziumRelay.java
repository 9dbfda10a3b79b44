package dev.ducat.bench.debezium;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Debezium's embedded engine between the outbox and Kafka. Its records are taken as objects, so
 * that nothing is turned into text on the way, and a batch is done when Kafka has acknowledged it.
 */
final class DebeziumRelay implements AutoCloseable {
  private static final Duration ACK_MAX = Duration.ofMinutes(1);

  private final String topicSuffix;
  private final KafkaProducer<byte[], byte[]> producer;
  private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
  private final Thread thread;
  private final AtomicLong relayed = new AtomicLong();
  private volatile long firstNanos;
  private volatile long lastNanos;

  DebeziumRelay(Properties properties, String kafka, String topicSuffix) {
    this.topicSuffix = topicSuffix;
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
    this.engine =
        DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
            .using(properties)
            .using(
                new DebeziumEngine.ConnectorCallback() {
                  @Override
                  public void pollingStarted() {
                    System.out.println("streaming");
                  }
                })
            .using(
                (success, message, error) -> {
                  if (!success) {
                    System.out.println("failed " + message);
                  }
                })
            .notifying(this::publish)
            .build();
    this.thread = Thread.ofPlatform().name("bench-debezium").start(engine);
  }

  long relayed() {
    return relayed.get();
  }

  /** From the first batch that was handed over to the last acknowledgement. */
  Duration took() {
    return Duration.ofNanos(lastNanos - firstNanos);
  }

  @Override
  public void close() {
    try {
      engine.close();
      thread.join();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (IllegalStateException down) {
      // It has failed, and has said why.
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
    } finally {
      producer.close(Duration.ofSeconds(5));
    }
  }

  private void publish(
      List<RecordChangeEvent<SourceRecord>> batch,
      RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
      throws InterruptedException {
    if (firstNanos == 0) {
      firstNanos = System.nanoTime();
    }
    List<Future<RecordMetadata>> sent = new ArrayList<>(batch.size());
    for (RecordChangeEvent<SourceRecord> event : batch) {
      if (event.record().value() != null) {
        sent.add(producer.send(record(event.record())));
      }
    }
    for (Future<RecordMetadata> one : sent) {
      acknowledged(one);
    }
    for (RecordChangeEvent<SourceRecord> event : batch) {
      committer.markProcessed(event);
    }
    committer.markBatchFinished();
    lastNanos = System.nanoTime();
    relayed.addAndGet(sent.size());
  }

  private static void acknowledged(Future<RecordMetadata> sent) throws InterruptedException {
    try {
      sent.get(ACK_MAX.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException refused) {
      throw new IllegalStateException("Kafka did not take a record", refused);
    }
  }

  private ProducerRecord<byte[], byte[]> record(SourceRecord source) {
    List<Header> headers = new ArrayList<>();
    source
        .headers()
        .forEach(
            header -> {
              byte[] text = String.valueOf(header.value()).getBytes(UTF_8);
              headers.add(new RecordHeader(header.key(), text));
            });
    byte[] key = String.valueOf(source.key()).getBytes(UTF_8);
    return new ProducerRecord<>(
        source.topic() + topicSuffix, null, null, key, bytes(source.value()), headers);
  }

  private static byte[] bytes(Object payload) {
    return switch (payload) {
      case byte[] bytes -> bytes;
      case ByteBuffer buffer -> {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        yield bytes;
      }
      default -> throw new IllegalStateException("not a payload: " + payload.getClass());
    };
  }
}
