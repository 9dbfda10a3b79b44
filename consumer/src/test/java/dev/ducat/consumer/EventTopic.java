package dev.ducat.consumer;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.Service;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A topic of the shared broker, and somebody who publishes to it, also what the relay never would.
 */
final class EventTopic implements AutoCloseable {
  private final String name;
  private final KafkaProducer<byte[], byte[]> producer;
  private final AtomicReference<Exception> refused = new AtomicReference<>();

  EventTopic(String name, int partitions) throws Exception {
    this.name = name;
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap()))) {
      admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all().get();
    } catch (ExecutionException failed) {
      if (!(failed.getCause() instanceof TopicExistsException)) {
        throw failed;
      }
    }
    awaitLeaders(partitions);
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrap(), "linger.ms", 0),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  /**
   * Asking for the ends waits until every partition has a leader that serves. Before that, a broker
   * may turn away a producer's first batch and take its second; then the first is out of order for
   * ever, and its events are missing.
   */
  private void awaitLeaders(int partitions) throws Exception {
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    for (int partition = 0; partition < partitions; partition++) {
      ends.put(new TopicPartition(name, partition), OffsetSpec.latest());
    }
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap()))) {
      admin.listOffsets(ends).all().get();
    }
  }

  static String bootstrap() {
    return EmbeddedServices.forTests(Service.KAFKA).kafka().bootstrap();
  }

  String name() {
    return name;
  }

  /** Publishes events of a key with these versions, in this order. */
  void publish(String key, int... versions) {
    for (int version : versions) {
      publish(key, version, "evt_" + key + "_" + version, "test", new byte[] {1});
    }
    flush();
  }

  void publish(String key, long version, String id, String type, byte[] payload) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(name, key.getBytes(UTF_8), payload);
    record
        .headers()
        .add("ce_id", id.getBytes(UTF_8))
        .add("ce_type", type.getBytes(UTF_8))
        .add("version", Long.toString(version).getBytes(UTF_8));
    var unused =
        producer.send(
            record,
            (where, failed) -> {
              if (failed != null) {
                refused.compareAndSet(null, failed);
              }
            });
  }

  /** Waits until all are there; an event that Kafka did not take fails the test here, not later. */
  void flush() {
    producer.flush();
    Exception failed = refused.get();
    if (failed != null) {
      throw new IllegalStateException("Kafka did not take an event of " + name, failed);
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
