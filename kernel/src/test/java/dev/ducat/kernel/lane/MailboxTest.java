package dev.ducat.kernel.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.lane.Mailbox.Letter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A message here is a number, which is also its weight. */
final class MailboxTest {
  private final Mailbox<Integer> mailbox = new Mailbox<>(4, number -> number);

  private List<Integer> take(int max) throws InterruptedException {
    return mailbox.takeAll(max, Duration.ZERO).stream().map(Letter::message).toList();
  }

  @Test
  void aBatchEndsWhereItsWeightDoes() throws InterruptedException {
    for (int number : new int[] {3, 4, 5, 1}) {
      mailbox.offer(number);
    }
    assertThat(take(8)).containsExactly(3, 4);
    assertThat(take(8)).containsExactly(5, 1);
    assertThat(take(8)).isEmpty();
  }

  @Test
  void aMessageThatIsABatchByItselfIsTaken() throws InterruptedException {
    mailbox.offer(100);
    mailbox.offer(1);
    assertThat(take(8)).containsExactly(100);
    assertThat(take(8)).containsExactly(1);
  }

  @Test
  void urgentLettersComeFirstAndAlwaysFit() throws InterruptedException {
    for (int number : new int[] {1, 1, 1, 1}) {
      assertThat(mailbox.offer(number)).isTrue();
    }
    assertThat(mailbox.offer(1)).isFalse();
    mailbox.put(2);
    assertThat(take(8)).containsExactly(2, 1, 1, 1, 1);
  }
}
