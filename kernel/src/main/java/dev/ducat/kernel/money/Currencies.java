package dev.ducat.kernel.money;

import java.util.Currency;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * ISO 4217 currencies and the number of their minor digits (JPY 0, USD 2, KWD 3), from the JDK's
 * table.
 */
public final class Currencies {
  // Codes without minor units (XAU, XXX, ...) report -1 digits in the JDK: they are no money one
  // can charge.
  private static final Map<String, Integer> DIGITS =
      Currency.getAvailableCurrencies().stream()
          .filter(currency -> currency.getDefaultFractionDigits() >= 0)
          .collect(
              Collectors.toUnmodifiableMap(
                  Currency::getCurrencyCode, Currency::getDefaultFractionDigits));

  private Currencies() {}

  /** Whether {@code code} is a currency of this table: three upper-case letters. */
  public static boolean isKnown(String code) {
    return DIGITS.containsKey(code);
  }

  /** Minor digits of a currency; empty when it is not known. */
  public static OptionalInt minorDigits(String code) {
    Integer digits = DIGITS.get(code);
    return digits == null ? OptionalInt.empty() : OptionalInt.of(digits);
  }
}
