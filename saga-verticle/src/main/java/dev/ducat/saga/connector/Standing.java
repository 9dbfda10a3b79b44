package dev.ducat.saga.connector;

/**
 * What stands under one authorization at the simulated PSP, in minor units.
 *
 * @param currency what was authorized in; empty where nothing was
 * @param voided whether it was voided: nothing more is authorized or captured under its key
 */
record Standing(String currency, long authorized, long captured, long refunded, boolean voided) {
  static final Standing NOTHING = new Standing("", 0, 0, 0, false);

  Standing {
    if (refunded < 0 || captured < refunded || authorized < captured) {
      throw new IllegalArgumentException(
          "authorized %d, captured %d, refunded %d".formatted(authorized, captured, refunded));
    }
  }

  boolean isAuthorized() {
    return authorized > 0;
  }

  /** What may still be captured, and would be freed by a void. */
  long capturable() {
    return voided ? 0 : authorized - captured;
  }

  long refundable() {
    return captured - refunded;
  }

  Standing afterAuthorize(String inCurrency, long amount) {
    return new Standing(inCurrency, amount, 0, 0, false);
  }

  Standing afterCapture(long amount) {
    return new Standing(currency, authorized, captured + amount, refunded, voided);
  }

  Standing afterRefund(long amount) {
    return new Standing(currency, authorized, captured, refunded + amount, voided);
  }

  Standing afterVoid() {
    return new Standing(currency, authorized, captured, refunded, true);
  }
}
