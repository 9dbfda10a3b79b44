package dev.ducat.ledger;

import dev.ducat.proto.ledger.v1.AccountCounters;

/**
 * What an account stands at, in minor units. The posted ones only grow; the pending ones are the
 * sums of open holds.
 *
 * @param version 1 at creation, plus 1 with every transfer
 */
record Counters(
    long debitsPosted, long creditsPosted, long debitsPending, long creditsPending, long version) {

  /** A new account's. */
  static final Counters ZERO = new Counters(0, 0, 0, 0, 1);

  Counters {
    if (debitsPosted < 0 || creditsPosted < 0 || debitsPending < 0 || creditsPending < 0) {
      throw new ArithmeticException("a counter of the ledger is below zero or has overflowed");
    }
  }

  /** After a transfer that adds to the debit side. Call {@link #hasRoomForDebit} first. */
  Counters debited(long posted, long pending) {
    return new Counters(
        debitsPosted + posted, creditsPosted, debitsPending + pending, creditsPending, version + 1);
  }

  /** After a transfer that adds to the credit side. Call {@link #hasRoomForCredit} first. */
  Counters credited(long posted, long pending) {
    return new Counters(
        debitsPosted, creditsPosted + posted, debitsPending, creditsPending + pending, version + 1);
  }

  /** Whether debits, holds included, stay countable. */
  boolean hasRoomForDebit(long amount) {
    return amount <= Long.MAX_VALUE - debitsPosted - debitsPending;
  }

  /** Whether credits, holds included, stay countable. */
  boolean hasRoomForCredit(long amount) {
    return amount <= Long.MAX_VALUE - creditsPosted - creditsPending;
  }

  AccountCounters toProto() {
    return AccountCounters.newBuilder()
        .setDebitsPosted(debitsPosted)
        .setCreditsPosted(creditsPosted)
        .setDebitsPending(debitsPending)
        .setCreditsPending(creditsPending)
        .setVersion(version)
        .build();
  }
}
