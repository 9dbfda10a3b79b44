package dev.ducat.consumer;

/**
 * Where a consumer begins that has never seen a topic, and what it expects of a key it has never
 * seen.
 */
public enum FirstContact {
  /** From the first record there is. Every key begins with version 1: a later one is a gap. */
  BEGINNING,
  /**
   * From the first record that retention left. The first version seen of a key is where it begins.
   */
  RETAINED,
  /** From now on. The first version seen of a key is where it begins. */
  NOW;

  boolean anyFirstVersion() {
    return this != BEGINNING;
  }
}
