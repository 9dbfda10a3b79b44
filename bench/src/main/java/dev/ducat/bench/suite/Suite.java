package dev.ducat.bench.suite;

/** The parts of the bench. */
public enum Suite {
  PAYMENTS,
  LEDGER,
  RELAY,
  SAGA,
  GROWTH,
  ALL;

  /** Whether asking for this one asks for {@code part} too. */
  boolean includes(Suite part) {
    return this == ALL || this == part;
  }
}
