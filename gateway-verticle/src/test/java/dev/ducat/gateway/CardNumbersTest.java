package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CardNumbersTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "378282246310005",
        "3782 822463 10005",
        "6011000990139424",
        "5555555555554444",
        "2223003122003222",
        "4222222222222",
        "6304000000000000000",
        "card: 4111111111111111, thanks",
        "4111 1111 1111 1111 123",
        "order-4111111111111111",
        "pan4111111111111111x",
        "12 4111111111111111",
        "4111\u00a01111\u00a01111\u00a01111",
        "\uff14\uff11\uff11\uff11111111111111",
        "4111-1111-1111-1111-abcdef",
        "3056 930902 5904",
        "6304 0000 0000 0000 000"
      })
  void recognizesACardNumber(String text) {
    assertThat(CardNumbers.isIn(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "4111111111111112",
        "411111111111",
        "41111111111111111111111",
        "order 2026-11-23 10:15",
        "+49 171 1234567",
        "1764000000000",
        "crash-psp-answered-450982447-00002",
        "223130630-00005",
        "402591389-00000",
        "4111111 111111111",
        "0000000000000000",
        "4111.1111.1111.1111",
        "4111  1111 1111 1111",
        "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92"
      })
  void leavesOtherTextAlone(String text) {
    assertThat(CardNumbers.isIn(text)).isFalse();
  }

  @Test
  void leavesRandomUuidsAlone() {
    Random random = new Random(42);
    for (int i = 0; i < 200_000; i++) {
      String uuid = new UUID(random.nextLong(), random.nextLong()).toString();
      assertThat(CardNumbers.isIn(uuid)).as(uuid).isFalse();
      assertThat(CardNumbers.isIn("order-" + uuid)).as(uuid).isFalse();
    }
  }
}
