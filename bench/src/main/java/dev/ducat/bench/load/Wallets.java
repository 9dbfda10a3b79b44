package dev.ducat.bench.load;

/** The accounts that transfers go between: they cannot be overdrawn, and must be filled before. */
public final class Wallets {
  public static final int COUNT = 1_000;
  public static final String CURRENCY = "EUR";

  static final String PREFIX = "wallet:bench-";
  static final int LETTERS = 4;

  private Wallets() {}

  /** The name of a wallet. */
  public static String name(int number) {
    StringBuilder name = new StringBuilder(PREFIX);
    for (int shift = 4 * (LETTERS - 1); shift >= 0; shift -= 4) {
      name.append((char) ('a' + ((number >>> shift) & 15)));
    }
    return name.toString();
  }
}
