package dev.ducat.saga;

import dev.ducat.proto.payments.v1.Payment;
import java.time.Duration;

/**
 * Payments whose payer is an account of the ledger. There is no PSP: holding, posting and releasing
 * on the ledger is all that happens, and it says no where the funds do not suffice.
 */
final class Wallets {
  /** The connector's name. It is built in, and nothing is ever asked of it over the bus. */
  static final String CONNECTOR = "ledger";

  /** A payment method that names a wallet is the wallet's account. */
  static final String PREFIX = "wallet:";

  private Wallets() {}

  static boolean isWallet(String paymentMethod) {
    return paymentMethod.startsWith(PREFIX);
  }

  /** Whether a payment is made on the ledger alone. */
  static boolean pays(Payment payment) {
    return payment.getConnector().equals(CONNECTOR);
  }

  /** Nothing is called, so nothing has to be waited for; only a hold has its time. */
  static ConnectorTerms terms() {
    return new ConnectorTerms(
        Duration.ofSeconds(5), Duration.ZERO, Duration.ofDays(1), Duration.ofHours(1));
  }
}
