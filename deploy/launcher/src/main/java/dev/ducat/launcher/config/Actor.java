package dev.ducat.launcher.config;

/** The verticles, in the order in which they start; they stop in reverse. */
public enum Actor {
  RELAY,
  LEDGER,
  SAGA,
  /** Last, because it lets work in; for the same reason it stops first. */
  GATEWAY
}
