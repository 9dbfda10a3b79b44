package dev.ducat.ledger;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.NormalSide;
import java.time.Instant;
import java.util.UUID;

/**
 * An account after some transfer. Never changed: a transfer makes the next one.
 *
 * @param updatedAt time of the last transfer; of the creation before the first
 */
record Account(
    UUID id,
    AccountKey key,
    NormalSide side,
    BalanceLimit limit,
    boolean closed,
    Counters counters,
    Instant createdAt,
    Instant updatedAt) {

  static Account opened(
      UUID id, AccountKey key, NormalSide side, BalanceLimit limit, Instant createdAt) {
    return new Account(id, key, side, limit, false, Counters.ZERO, createdAt, createdAt);
  }

  Account after(Counters next, Instant time) {
    return new Account(id, key, side, limit, closed, next, createdAt, time);
  }

  /** Takes nothing new; the version counts transfers only, so it stays. */
  Account shut() {
    return new Account(id, key, side, limit, true, counters, createdAt, updatedAt);
  }

  /** Whether {@code next} would have more debits, holds included, than the limit allows. */
  boolean debitLimitForbids(Counters next) {
    return limit == BalanceLimit.BALANCE_LIMIT_DEBITS_MUST_NOT_EXCEED_CREDITS
        && next.debitsPosted() + next.debitsPending() > next.creditsPosted();
  }

  /** Whether {@code next} would have more credits, holds included, than the limit allows. */
  boolean creditLimitForbids(Counters next) {
    return limit == BalanceLimit.BALANCE_LIMIT_CREDITS_MUST_NOT_EXCEED_DEBITS
        && next.creditsPosted() + next.creditsPending() > next.debitsPosted();
  }

  dev.ducat.proto.ledger.v1.Account toProto() {
    return dev.ducat.proto.ledger.v1.Account.newBuilder()
        .setAccountId(IdKind.ACCOUNT.text(id))
        .setName(key.name())
        .setCurrencyCode(key.currency())
        .setNormalSide(side)
        .setDebitsPosted(counters.debitsPosted())
        .setCreditsPosted(counters.creditsPosted())
        .setDebitsPending(counters.debitsPending())
        .setCreditsPending(counters.creditsPending())
        .setLimit(limit)
        .setClosed(closed)
        .setVersion(counters.version())
        .setCreateTime(Wire.timestamp(createdAt))
        .build();
  }
}
