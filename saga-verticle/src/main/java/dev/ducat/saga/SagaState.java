package dev.ducat.saga;

/**
 * A saga's state as operators see it; follows from its phase and its timer. The names are stored.
 */
public enum SagaState {
  RUNNING,
  WAITING,
  COMPENSATING,
  DONE,
  COMPENSATED,
  NEEDS_ATTENTION
}
