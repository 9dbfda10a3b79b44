package dev.ducat.relay;

import dev.ducat.kernel.outbox.StoredEvent;
import java.util.Optional;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Kafka refuses an event for good: sending it again as it is changes nothing. */
final class EventRefused extends RuntimeException {
  private static final int ERROR_CHARS_MAX = 1_000;

  private final transient StoredEvent event;
  private final boolean wholeTopic;
  private final String why;

  private EventRefused(StoredEvent event, boolean wholeTopic, Throwable why) {
    super(
        "Kafka refuses event %s (%s %d, topic %s): %s"
            .formatted(
                event.event().eventId(),
                event.stream(),
                event.seq(),
                event.event().topic(),
                why.getMessage()),
        why);
    this.event = event;
    this.wholeTopic = wholeTopic;
    String text = why.getClass().getSimpleName() + ": " + why.getMessage();
    this.why = text.substring(0, Math.min(text.length(), ERROR_CHARS_MAX));
  }

  /** The refusal that a failed send means, if it means one. */
  static Optional<EventRefused> of(StoredEvent event, Throwable why) {
    // Told as a timeout with this cause. Topics of ours that are not there will be made.
    boolean unknown =
        (why instanceof UnknownTopicOrPartitionException
                || why.getCause() instanceof UnknownTopicOrPartitionException)
            && !KafkaSetup.EVENTS.contains(event.event().topic());
    boolean wholeTopic =
        unknown
            || why instanceof InvalidTopicException
            || why instanceof TopicAuthorizationException;
    boolean thisOne =
        why instanceof RecordTooLargeException
            || why instanceof SerializationException
            || why instanceof InvalidRecordException
            || why instanceof InvalidTimestampException;
    return wholeTopic || thisOne
        ? Optional.of(new EventRefused(event, wholeTopic, why))
        : Optional.empty();
  }

  StoredEvent event() {
    return event;
  }

  /**
   * Whether it would be the same with every event of the topic; else others may have been meant.
   */
  boolean wholeTopic() {
    return wholeTopic;
  }

  /** What Kafka said. */
  String why() {
    return why;
  }
}
