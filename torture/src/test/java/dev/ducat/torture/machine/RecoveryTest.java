package dev.ducat.torture.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Recovery is read from the moments of good answers alone. */
final class RecoveryTest {
  private static final double END = 60;

  /** Forty answers a second, except within the gap. */
  private static double[] answers(double from, double to) {
    return IntStream.range(0, (int) (END * 40))
        .mapToDouble(number -> number / 40.0)
        .filter(moment -> moment < from || moment >= to)
        .toArray();
  }

  @Test
  void aGapIsMeasuredToFractionsOfASecond() {
    Recovery recovery = Recovery.of(answers(20, 22.4), 20, 20, END);

    assertThat(recovery.dipped()).isTrue();
    // A second that begins just before the gap ends has 90 % already.
    assertThat(recovery.seconds()).isCloseTo(2.3, within(0.05));
  }

  @Test
  void aGapThatBeginsAfterTheFaultCountsFromTheFault() {
    Recovery recovery = Recovery.of(answers(25, 27), 20, 20, END);

    assertThat(recovery.seconds()).isCloseTo(6.9, within(0.05));
  }

  @Test
  void withoutAGapThereIsNothingToRecoverFrom() {
    assertThat(Recovery.of(answers(0, 0), 20, 23, END)).isEqualTo(new Recovery(false, 0));
  }

  @Test
  void aFewMissingAnswersAreNoGap() {
    double[] all = answers(20, 20.2);

    assertThat(Recovery.of(all, 20, 20, END).dipped()).isFalse();
  }

  @Test
  void whatIsNotBackBeforeTheEndIsSaidSo() {
    double[] never = DoubleStream.of(answers(20, END)).toArray();

    Recovery recovery = Recovery.of(never, 20, 20, END);

    assertThat(recovery.dipped()).isTrue();
    assertThat(recovery.seconds()).isNaN();
  }

  @Test
  void halfTheGoodputForeverIsNotBack() {
    double[] half =
        IntStream.range(0, (int) (END * 40))
            .filter(number -> number < 800 || (number > 860 && number % 2 == 0))
            .mapToDouble(number -> number / 40.0)
            .toArray();

    assertThat(Recovery.of(half, 20, 20, END).seconds()).isNaN();
  }
}
