package dev.ducat.ledger;

import dev.ducat.proto.internal.v1.LedgerQueryReply;
import dev.ducat.proto.ledger.v1.Balance;
import dev.ducat.proto.ledger.v1.NormalSide;
import dev.ducat.proto.type.v1.Money;
import java.time.Instant;

/** What an account stands at, seen from its normal side. */
final class Balances {
  private Balances() {}

  static LedgerQueryReply reply(Account account, Counters counters, Instant asOf) {
    return LedgerQueryReply.newBuilder().setBalance(of(account, counters, asOf)).build();
  }

  /**
   * Counters are below the largest long, posted and pending together, so no difference overflows.
   */
  static Balance of(Account account, Counters counters, Instant asOf) {
    boolean debitSide = account.side() == NormalSide.NORMAL_SIDE_DEBIT;
    long credited = counters.creditsPosted() - counters.debitsPosted();
    long posted = debitSide ? -credited : credited;
    long lowering = debitSide ? counters.creditsPending() : counters.debitsPending();
    return Balance.newBuilder()
        .setAccount(account.key().name())
        .setCurrencyCode(account.key().currency())
        .setNormalSide(account.side())
        .setPosted(money(account, posted))
        .setAvailable(money(account, posted - lowering))
        .setCounters(counters.toProto())
        .setAsOf(Wire.timestamp(asOf))
        .build();
  }

  private static Money money(Account account, long minorUnits) {
    return Money.newBuilder()
        .setCurrencyCode(account.key().currency())
        .setMinorUnits(minorUnits)
        .build();
  }
}
