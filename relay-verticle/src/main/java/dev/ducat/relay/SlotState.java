package dev.ducat.relay;

/** What a slot is doing. */
public enum SlotState {
  /** Initializing producers and reading the last receipt. */
  TAKING,
  /** Publishing, or waiting for something to publish. */
  RELAYING,
  /** Kafka or Postgres does not answer: trying again with growing pauses. */
  WAITING,
  /** A finding forbids to go on: see the reason. Looks again now and then. */
  STOPPED,
  /** No longer this process's. */
  ENDED
}
