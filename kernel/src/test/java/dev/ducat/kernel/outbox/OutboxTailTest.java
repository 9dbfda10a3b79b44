package dev.ducat.kernel.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class OutboxTailTest {
  private static final String A = "payment.shard.1";
  private static final String B = "payment.shard.2";

  private final OutboxTail tail = new OutboxTail();
  private final OutboxTail.Reader reader = tail.open(List.of(A, B));

  private static List<StoredEvent> events(String stream, long first, long last) {
    List<StoredEvent> events = new ArrayList<>();
    for (long seq = first; seq <= last; seq++) {
      OutboxEvent event =
          new OutboxEvent(
              UUID.randomUUID(),
              Topics.PAYMENTS,
              "pay_1",
              "dev.ducat.payment.created.v1",
              "/ducat/payments",
              Buffer.buffer(),
              seq,
              "default",
              null,
              Instant.EPOCH);
      events.add(new StoredEvent(stream, seq, event));
    }
    return events;
  }

  @Test
  void handsOnWhatFollowsOnAPositionOnce() {
    List<StoredEvent> both = new ArrayList<>(events(A, 1, 3));
    both.addAll(events(B, 8, 9));
    tail.committed(both);
    assertThat(reader.takeAfter(stream -> stream.equals(A) ? 0 : 7, 100)).isEqualTo(both);
    assertThat(reader.takeAfter(stream -> stream.equals(A) ? 3 : 9, 100)).isEmpty();
  }

  @Test
  void keepsWhatLiesBehindAGapUntilTheGapWasRead() {
    tail.committed(events(A, 1, 2));
    tail.committed(events(A, 5, 6));
    assertThat(reader.takeAfter(stream -> 0, 100))
        .extracting(StoredEvent::seq)
        .containsExactly(1L, 2L);
    assertThat(reader.takeAfter(stream -> 2, 100)).isEmpty();
    assertThat(reader.takeAfter(stream -> 4, 100))
        .extracting(StoredEvent::seq)
        .containsExactly(5L, 6L);
  }

  @Test
  void forgetsWhatWasReadFromTheTable() {
    tail.committed(events(A, 1, 4));
    assertThat(reader.takeAfter(stream -> 3, 100)).extracting(StoredEvent::seq).containsExactly(4L);
    assertThat(reader.takeAfter(stream -> 0, 100)).isEmpty();
  }

  @Test
  void takesNoMoreThanAskedAndLosesNothing() {
    tail.committed(events(A, 1, 10));
    assertThat(reader.takeAfter(stream -> 0, 4)).hasSize(4);
    assertThat(reader.takeAfter(stream -> 4, 100))
        .extracting(StoredEvent::seq)
        .startsWith(5L)
        .hasSize(6);
  }

  @Test
  void dropsEverythingBeforeItGrowsTooLarge() {
    for (int i = 0; i < 50; i++) {
      tail.committed(events(A, 100L * i + 1, 100L * i + 100));
    }
    // The first 4,000 are gone for good, and what came after them does not follow on.
    assertThat(reader.takeAfter(stream -> 0, 10_000)).isEmpty();
    assertThat(reader.takeAfter(stream -> 4_100, 10_000)).hasSize(900);
  }

  @Test
  void keepsNothingForAReaderThatIsClosed() {
    reader.close();
    tail.committed(events(A, 1, 1));
    assertThat(reader.takeAfter(stream -> 0, 100)).isEmpty();
  }

  @Test
  void knowsToWhichStreamsLanesWrite() {
    assertThat(reader.knows(A)).isFalse();
    tail.committed(events(A, 1, 1));
    assertThat(reader.knows(A)).isTrue();
    assertThat(reader.knows(B)).isFalse();
  }
}
