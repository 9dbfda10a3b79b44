package dev.ducat.saga.connector;

import java.util.function.LongFunction;

/**
 * Where in the journal each key's last line begins, in 12 bytes of memory a slot: about 25 bytes an
 * operation, so that millions fit where the lines themselves would not. The keys are not here; the
 * journal has them.
 */
final class KeyIndex {
  static final long NONE = -1;

  private static final int SLOTS_MIN = 1 << 10;
  private static final double LOAD_MAX = 0.7;

  private int[] hashes = new int[SLOTS_MIN];

  /** Position + 1; 0 is a free slot. */
  private long[] places = new long[SLOTS_MIN];

  private int size;

  /**
   * Where the key's last line begins, or {@link #NONE}.
   *
   * @param keyAt reads the key of the line at a position
   */
  long find(String key, LongFunction<String> keyAt) {
    return places[slot(key, keyAt)] - 1;
  }

  /** Notes the key's last line. */
  void put(String key, long position, LongFunction<String> keyAt) {
    int slot = slot(key, keyAt);
    boolean isNew = places[slot] == 0;
    hashes[slot] = hash(key);
    places[slot] = position + 1;
    if (isNew && ++size > LOAD_MAX * places.length) {
      grow();
    }
  }

  int size() {
    return size;
  }

  void clear() {
    hashes = new int[SLOTS_MIN];
    places = new long[SLOTS_MIN];
    size = 0;
  }

  /** The key's slot, or the free one where it belongs. */
  private int slot(String key, LongFunction<String> keyAt) {
    int hash = hash(key);
    int mask = places.length - 1;
    int slot = hash & mask;
    while (places[slot] != 0
        && (hashes[slot] != hash || !keyAt.apply(places[slot] - 1).equals(key))) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    int[] oldHashes = hashes;
    long[] oldPlaces = places;
    hashes = new int[oldHashes.length * 2];
    places = new long[oldPlaces.length * 2];
    int mask = places.length - 1;
    for (int i = 0; i < oldPlaces.length; i++) {
      if (oldPlaces[i] != 0) {
        int slot = oldHashes[i] & mask;
        while (places[slot] != 0) {
          slot = (slot + 1) & mask;
        }
        hashes[slot] = oldHashes[i];
        places[slot] = oldPlaces[i];
      }
    }
  }

  /** Spreads what {@link String#hashCode} leaves close together. */
  private static int hash(String key) {
    int hash = key.hashCode() * 0x9E3779B9;
    return hash ^ (hash >>> 15);
  }
}
