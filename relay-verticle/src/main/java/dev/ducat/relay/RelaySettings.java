package dev.ducat.relay;

import java.time.Duration;
import java.util.Map;

/**
 * How the relay publishes.
 *
 * @param mode what a reader of Kafka may rely on
 * @param bootstrap Kafka's {@code bootstrap.servers}
 * @param kafka further settings of every Kafka client, for example {@code security.protocol}
 * @param partitions of each event topic that is created; a topic that exists keeps its own
 * @param replicationFactor of each topic that is created
 * @param batch how much goes into one transaction
 * @param poll how often an idle slot looks for news that no doorbell announced
 * @param retry what happens after failures
 * @param retention how long events stay in the outbox, at least until they are published
 * @param replicationSlot by which {@link Mode#EXTERNAL} knows what is published
 */
public record RelaySettings(
    Mode mode,
    String bootstrap,
    Map<String, String> kafka,
    int partitions,
    short replicationFactor,
    Batch batch,
    Poll poll,
    Retry retry,
    Duration retention,
    String replicationSlot) {

  /** How events get to Kafka. */
  public enum Mode {
    /** With transactions and receipts: each event once for a read_committed reader. */
    EXACTLY_ONCE,
    /**
     * Without: after a failure events come again. Never a gap, and a key's first arrivals in order.
     */
    AT_LEAST_ONCE,
    /** Another program reads the outbox; the relay only answers questions. */
    EXTERNAL
  }

  /**
   * How much goes into one transaction.
   *
   * @param recordsMax a transaction of one record costs as much as one of a thousand
   * @param bytesMax payload bytes; bounds the memory of a slot to twice this, one batch being read
   *     while one is sent
   */
  public record Batch(int recordsMax, long bytesMax) {
    public Batch {
      if (recordsMax < 1 || recordsMax > 10_000) {
        throw new IllegalArgumentException(
            "relay.batch.records must be 1 to 10000, is " + recordsMax);
      }
      if (bytesMax < 1) {
        throw new IllegalArgumentException("relay.batch.bytes must be positive, is " + bytesMax);
      }
    }
  }

  /** The pause doubles from {@code first} to {@code max} while nothing comes. */
  public record Poll(Duration first, Duration max) {
    public Poll {
      ascending("relay.poll", first, max);
    }
  }

  /**
   * How long to wait after failures, and between copies.
   *
   * @param first pause after the first failure, doubled up to {@code max}
   * @param stopped how long a slot that stopped on a finding waits before it looks whether that is
   *     mended
   * @param copyEvery how often the positions are copied to Postgres
   */
  public record Retry(Duration first, Duration max, Duration stopped, Duration copyEvery) {
    public Retry {
      ascending("relay.retry", first, max);
    }
  }

  /** Partitions are weeks. */
  private static final Duration RETENTION_MIN = Duration.ofDays(7);

  public RelaySettings {
    kafka = Map.copyOf(kafka);
    if (bootstrap.isBlank()) {
      throw new IllegalArgumentException("kafka.bootstrap must name a broker");
    }
    if (retention.compareTo(RETENTION_MIN) < 0) {
      throw new IllegalArgumentException("outbox.retention must be at least 7d, is " + retention);
    }
    if (partitions < 1 || replicationFactor < 1) {
      throw new IllegalArgumentException("a topic has at least one partition and one replica");
    }
  }

  /** What DESIGN gives, for one broker. */
  public static RelaySettings defaults(String bootstrap) {
    return new RelaySettings(
        Mode.EXACTLY_ONCE,
        bootstrap,
        Map.of(),
        12,
        (short) 1,
        new Batch(2_000, 4 << 20),
        new Poll(Duration.ofMillis(1), Duration.ofMillis(250)),
        new Retry(
            Duration.ofMillis(250),
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            Duration.ofSeconds(1)),
        Duration.ofDays(90),
        "ducat_outbox");
  }

  public RelaySettings withMode(Mode changed) {
    return with(changed, batch, poll, retry);
  }

  public RelaySettings withBatch(int recordsMax, long bytesMax) {
    return with(mode, new Batch(recordsMax, bytesMax), poll, retry);
  }

  public RelaySettings withPoll(Poll changed) {
    return with(mode, batch, changed, retry);
  }

  public RelaySettings withRetry(Retry changed) {
    return with(mode, batch, poll, changed);
  }

  public RelaySettings withRetention(Duration kept, String slot) {
    return new RelaySettings(
        mode, bootstrap, kafka, partitions, replicationFactor, batch, poll, retry, kept, slot);
  }

  private RelaySettings with(Mode m, Batch b, Poll p, Retry r) {
    return new RelaySettings(
        m, bootstrap, kafka, partitions, replicationFactor, b, p, r, retention, replicationSlot);
  }

  private static void ascending(String name, Duration first, Duration max) {
    if (!first.isPositive() || first.compareTo(max) > 0) {
      throw new IllegalArgumentException(name + " must grow from a positive pause, not " + first);
    }
  }
}
