package dev.ducat.launcher.check;

import dev.ducat.launcher.check.Finding.Violation;
import java.util.ArrayList;
import java.util.List;

/** Counts the cases of one invariant and keeps those that break it. */
final class Cases {
  private final String id;
  private final String promise;
  private final List<Violation> violations = new ArrayList<>();
  private long count;

  Cases(String id, String promise) {
    this.id = id;
    this.promise = promise;
  }

  /** One case more. */
  void look() {
    count++;
  }

  /** Cases that were looked at elsewhere. */
  void look(long cases) {
    count += cases;
  }

  /** Demands something of the present case. */
  void require(boolean holds, String subject, String what) {
    if (!holds) {
      violations.add(new Violation(subject, what));
    }
  }

  Finding finding() {
    return new Finding(id, promise, count, violations);
  }
}
