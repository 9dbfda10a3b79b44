package dev.ducat.ledger;

import dev.ducat.kernel.lane.LaneSettings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * Limits of the ledger in one process.
 *
 * @param lanes actors; the owned ledger lanes of the installation are spread over them
 * @param accountsMax accounts kept in memory per ledger lane; the rest is read when it is moved
 * @param openHoldsMax open holds kept in memory per ledger lane
 * @param sweep how often lapsed holds are looked for
 * @param answerMax how long a query of a lane may take
 * @param chainKey key of the hash chain; without it nobody can compute a chain that verifies
 * @param overdraft merchants whose available account is opened without a limit: refunds may take it
 *     below zero
 */
public record LedgerSettings(
    int lanes,
    LaneSettings lane,
    int accountsMax,
    int openHoldsMax,
    Duration sweep,
    Duration answerMax,
    SecretKey chainKey,
    Set<String> overdraft) {

  public LedgerSettings {
    if (lanes < 1 || accountsMax < 1 || openHoldsMax < 1) {
      throw new IllegalArgumentException("a ledger has a lane and room for an account and a hold");
    }
    overdraft = Set.copyOf(overdraft);
  }

  /**
   * Two lanes keep two cores busy. A million accounts and 200,000 holds are some 500 MB when a lane
   * really meets as many.
   */
  public static LedgerSettings defaults(SecretKey chainKey) {
    return new LedgerSettings(
        2,
        LaneSettings.defaults(),
        1_000_000,
        200_000,
        Duration.ofSeconds(1),
        Duration.ofSeconds(4),
        chainKey,
        Set.of());
  }

  public LedgerSettings withOverdraft(Set<String> merchants) {
    return new LedgerSettings(
        lanes, lane, accountsMax, openHoldsMax, sweep, answerMax, chainKey, merchants);
  }

  /** Defaults with a chain key that everybody knows: for development and tests. */
  public static LedgerSettings development() {
    byte[] known = "ducat development chain key".getBytes(StandardCharsets.UTF_8);
    return defaults(new SecretKeySpec(known, LedgerChain.ALGORITHM));
  }
}
