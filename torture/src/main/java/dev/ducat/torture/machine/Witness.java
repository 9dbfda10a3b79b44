package dev.ducat.torture.machine;

import dev.ducat.launcher.check.ClientHistory;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What the clients keep of a run: what they were told, when, and where an answer was wrong by
 * itself. For many threads.
 *
 * @param breaches answers that no later look at the database is needed for to be wrong
 */
record Witness(ClientHistory history, Timeline timeline, Queue<String> breaches) {
  static Witness fresh() {
    return new Witness(new ClientHistory(), new Timeline(), new ConcurrentLinkedQueue<>());
  }

  /** Demands something of an answer. */
  void require(boolean holds, String invariant, String subject, String what) {
    if (!holds) {
      breaches.add(invariant + " " + subject + ": " + what);
    }
  }
}
