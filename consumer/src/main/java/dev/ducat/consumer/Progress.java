package dev.ducat.consumer;

import java.time.Duration;
import java.time.InstantSource;
import org.apache.kafka.common.TopicPartition;

/** Where one assigned partition stands. Touched by the polling thread only. */
final class Progress {
  private static final Duration RETRY_FIRST = Duration.ofMillis(100);

  /** Beyond this many doublings every pause is longer than any limit. */
  private static final int DOUBLINGS_MAX = 20;

  private final TopicPartition partition;
  private final InstantSource clock;
  private boolean known;
  private long next;
  private int failures;
  private int oneByOne;
  private long dueMillis;

  Progress(TopicPartition partition, InstantSource clock) {
    this.partition = partition;
    this.clock = clock;
    this.dueMillis = clock.millis();
  }

  TopicPartition partition() {
    return partition;
  }

  /** The offset that the inbox says is next. */
  long next() {
    return next;
  }

  /** Attempts that failed since the last success. */
  int failures() {
    return failures;
  }

  /** Whether the stored offset should be read (again) now. */
  boolean isDue() {
    return !known && clock.millis() >= dueMillis;
  }

  /**
   * After a failure events go one by one for a while, so that those before the culprit are done
   * with.
   */
  int batchMax(int normal) {
    return oneByOne > 0 ? 1 : normal;
  }

  void standsAt(long offset) {
    known = true;
    next = offset;
  }

  void advancedTo(long offset) {
    next = offset;
    failures = 0;
    oneByOne = Math.max(0, oneByOne - 1);
  }

  /** Somebody else advanced it: read where it stands, at once. */
  void overtaken() {
    known = false;
  }

  void failed(int batch, Duration retryMax) {
    known = false;
    oneByOne = batch;
    long pause = RETRY_FIRST.toMillis() << Math.min(failures, DOUBLINGS_MAX);
    dueMillis = clock.millis() + Math.min(pause, retryMax.toMillis());
    failures++;
  }
}
