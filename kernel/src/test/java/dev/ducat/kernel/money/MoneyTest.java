package dev.ducat.kernel.money;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MoneyTest {
  @Test
  void readsDecimalsWithTheCurrencysOwnDigits() {
    assertThat(Money.parse("12.50", "EUR")).isEqualTo(new Money("EUR", 1_250));
    assertThat(Money.parse("1200", "JPY")).isEqualTo(new Money("JPY", 1_200));
    assertThat(Money.parse("1.234", "KWD")).isEqualTo(new Money("KWD", 1_234));
    assertThat(new Money("EUR", 1_250)).hasToString("12.50 EUR");
    assertThat(new Money("JPY", 1_200)).hasToString("1200 JPY");
  }

  @Test
  void refusesWhatIsNotExactOrNotMoney() {
    assertThatThrownBy(() -> Money.parse("12.505", "EUR")).hasMessageContaining("2 decimal digits");
    assertThatThrownBy(() -> Money.parse("1.5", "JPY")).hasMessageContaining("0 decimal digits");
    assertThatThrownBy(() -> Money.parse("ten", "EUR")).hasMessageContaining("not an amount");
    assertThatThrownBy(() -> Money.parse("1", "eur")).hasMessageContaining("unknown currency");
    assertThatThrownBy(() -> Money.parse("1", "XAU")).hasMessageContaining("unknown currency");
    assertThatThrownBy(() -> new Money("EUR", -1)).hasMessageContaining("negative");
    assertThatThrownBy(() -> Money.parse("92233720368547758.08", "EUR"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void neverOverflowsOrMixes() {
    Money most = new Money("EUR", Long.MAX_VALUE);
    assertThatThrownBy(() -> most.plus(new Money("EUR", 1)))
        .isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> most.plus(new Money("USD", 1)))
        .hasMessageContaining("mixed currencies");
    assertThatThrownBy(() -> new Money("EUR", 1).minus(new Money("EUR", 2)))
        .hasMessageContaining("negative");
  }
}
