package dev.ducat.saga.connector;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The simulated PSP's memory: an index over its journal, and above it the lines that are not yet on
 * disk. Only the thread that holds the journal's lock touches it.
 *
 * <p>Every line says by itself how things stand after it, so the last line of a key is all there is
 * to know about it, however many operations there were: nothing is ever forgotten, and little is
 * held.
 */
final class SimulatorBooks {
  /** Reads a line of the journal back. */
  interface Journal {
    JournalLine at(long position);
  }

  /** Most lines are asked for again within moments: a capture follows its authorize. */
  private static final int RECENT = 1 << 13;

  private final Journal journal;
  private final @Nullable JournalLine[] recent = new @Nullable JournalLine[RECENT];
  private final long[] recentPositions = new long[RECENT];
  private final KeyIndex operations = new KeyIndex();
  private final KeyIndex authorizations = new KeyIndex();
  private final Map<String, JournalLine> newOperations = new HashMap<>();
  private final Map<String, Standing> newStandings = new HashMap<>();

  SimulatorBooks(Journal journal) {
    this.journal = journal;
  }

  /** Forgets everything, to be told again. */
  void clear() {
    Arrays.fill(recent, null);
    operations.clear();
    authorizations.clear();
    newOperations.clear();
    newStandings.clear();
  }

  /** Takes in a line that is about to be written. */
  void draft(JournalLine line) {
    newOperations.put(line.entry().operationKey(), line);
    if (line.changesStanding()) {
      newStandings.put(line.authorizationKey(), line.standing());
    }
  }

  /** Takes in a line of the journal, whoever wrote it. */
  void written(JournalLine line, long position) {
    recent[slot(position)] = line;
    recentPositions[slot(position)] = position;
    String key = line.entry().operationKey();
    operations.put(key, position, this::operationAt);
    newOperations.remove(key);
    if (line.changesStanding()) {
      authorizations.put(line.authorizationKey(), position, this::authorizationAt);
      newStandings.remove(line.authorizationKey());
    }
  }

  /** The last line about an operation; null when it is not known. */
  @Nullable JournalLine operation(String key) {
    JournalLine drafted = newOperations.get(key);
    if (drafted != null) {
      return drafted;
    }
    long position = operations.find(key, this::operationAt);
    return position == KeyIndex.NONE ? null : at(position);
  }

  /** How an authorization stands. */
  Standing standing(String authorizationKey) {
    Standing drafted = newStandings.get(authorizationKey);
    if (drafted != null) {
      return drafted;
    }
    long position = authorizations.find(authorizationKey, this::authorizationAt);
    return position == KeyIndex.NONE ? Standing.NOTHING : at(position).standing();
  }

  private JournalLine at(long position) {
    JournalLine line = recent[slot(position)];
    return line != null && recentPositions[slot(position)] == position
        ? line
        : journal.at(position);
  }

  private static int slot(long position) {
    return (int) ((position * 0x9E3779B97F4A7C15L) >>> 51);
  }

  private String operationAt(long position) {
    return at(position).entry().operationKey();
  }

  private String authorizationAt(long position) {
    return at(position).authorizationKey();
  }
}
