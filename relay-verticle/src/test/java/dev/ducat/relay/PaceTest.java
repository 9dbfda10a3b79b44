package dev.ducat.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long MS = Duration.ofMillis(1).toNanos();

  private final Pace pace = new Pace(0);
  private long now;

  /** Transactions of 5 ms each for a second; what is waited after the last. */
  private long afterASecondOf(int events) {
    long wait = 0;
    for (int i = 0; i < 200; i++) {
      now += 5 * MS;
      wait = pace.nanosAfter(events, now - 5 * MS, now);
    }
    return wait;
  }

  @Test
  void aSlotWithLittleToDoWaitsForNothing() {
    assertThat(afterASecondOf(10)).isZero();
  }

  @Test
  void aBusySlotGathersForTheRestOfItsTime() {
    assertThat(afterASecondOf(40)).isEqualTo(15 * MS);
  }

  @Test
  void oneLargeBatchDoesNotMakeASlotBusyForLong() {
    assertThat(afterASecondOf(40)).isPositive();
    assertThat(afterASecondOf(10)).isZero();
  }

  @Test
  void aTransactionThatTookLongIsFollowedAtOnce() {
    assertThat(afterASecondOf(40)).isPositive();
    now += 50 * MS;
    assertThat(pace.nanosAfter(400, now - 50 * MS, now)).isNotPositive();
  }
}
