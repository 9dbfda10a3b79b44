package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GrpcTimeoutTest {
  private static final Duration DEFAULT = Duration.ofSeconds(15);
  private static final Duration MAX = Duration.ofSeconds(60);

  @ParameterizedTest
  @CsvSource({
    "1m, 1000000",
    "1000u, 1000000",
    "1000000n, 1000000",
    "250m, 250000000",
    "3S, 3000000000",
    "60S, 60000000000",
    "61S, 60000000000",
    "1M, 60000000000",
    "2M, 60000000000",
    "1H, 60000000000",
    "99999999H, 60000000000",
    "99999999n, 99999999"
  })
  void readsEveryUnitAndCapsIt(String header, long nanos) {
    assertThat(GrpcTimeout.nanos(header, DEFAULT, MAX)).isEqualTo(nanos);
  }

  @Test
  void hasADefault() {
    assertThat(GrpcTimeout.nanos(null, DEFAULT, MAX)).isEqualTo(DEFAULT.toNanos());
  }
}
