package dev.ducat.kernel.money;

import java.math.BigDecimal;

/**
 * An amount of money: exact, in integer minor units, never negative. The direction of a movement
 * comes from its accounts, not from a sign.
 *
 * @param currency ISO 4217 code
 * @param minorUnits cents for EUR, yen for JPY, fils for KWD
 */
public record Money(String currency, long minorUnits) {
  public Money {
    if (!Currencies.isKnown(currency)) {
      throw new IllegalArgumentException("unknown currency " + currency);
    }
    if (minorUnits < 0) {
      throw new IllegalArgumentException("negative amount " + minorUnits);
    }
  }

  /**
   * Reads a decimal amount such as {@code 12.50}.
   *
   * @throws IllegalArgumentException when it is not a number, has more digits than the currency, or
   *     is too large
   */
  public static Money parse(String decimal, String currency) {
    int digits =
        Currencies.minorDigits(currency)
            .orElseThrow(() -> new IllegalArgumentException("unknown currency " + currency));
    try {
      return new Money(currency, new BigDecimal(decimal).movePointRight(digits).longValueExact());
    } catch (NumberFormatException notANumber) {
      throw new IllegalArgumentException("not an amount: " + decimal, notANumber);
    } catch (ArithmeticException inexact) {
      throw new IllegalArgumentException(
          currency + " has " + digits + " decimal digits: " + decimal, inexact);
    }
  }

  /** Sum, exact. */
  public Money plus(Money other) {
    return new Money(sameCurrency(other), Math.addExact(minorUnits, other.minorUnits));
  }

  /** Difference; below zero is an error of the caller. */
  public Money minus(Money other) {
    return new Money(sameCurrency(other), Math.subtractExact(minorUnits, other.minorUnits));
  }

  private String sameCurrency(Money other) {
    if (!currency.equals(other.currency)) {
      throw new IllegalArgumentException("mixed currencies " + currency + " and " + other.currency);
    }
    return currency;
  }

  /** Decimal form with the currency's digits: {@code 12.50 EUR}. */
  @Override
  public String toString() {
    int digits = Currencies.minorDigits(currency).orElseThrow();
    return BigDecimal.valueOf(minorUnits, digits).toPlainString() + " " + currency;
  }
}
