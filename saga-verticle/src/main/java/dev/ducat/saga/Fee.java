package dev.ducat.saga;

import java.math.BigInteger;

/**
 * What a merchant pays per payment.
 *
 * @param basisPoints hundredths of a percent of the amount, rounded down
 * @param fixedMinorUnits in addition, in the payment's currency
 */
public record Fee(int basisPoints, long fixedMinorUnits) {
  public static final Fee NONE = new Fee(0, 0);

  private static final int WHOLE = 10_000;

  public Fee {
    if (basisPoints < 0 || basisPoints > WHOLE || fixedMinorUnits < 0) {
      throw new IllegalArgumentException(
          "fee of %d basis points + %d".formatted(basisPoints, fixedMinorUnits));
    }
  }

  /** The fee of an amount, never more than the amount itself. */
  public long of(long amount) {
    BigInteger share =
        BigInteger.valueOf(amount)
            .multiply(BigInteger.valueOf(basisPoints))
            .divide(BigInteger.valueOf(WHOLE))
            .add(BigInteger.valueOf(fixedMinorUnits));
    return share.min(BigInteger.valueOf(amount)).longValueExact();
  }
}
