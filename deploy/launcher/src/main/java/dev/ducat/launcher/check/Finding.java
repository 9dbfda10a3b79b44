package dev.ducat.launcher.check;

import java.util.List;

/**
 * What became of one invariant.
 *
 * @param id as in the list of promises, for example {@code P1}
 * @param promise what must hold, in a line
 * @param cases how many cases were looked at; where there are none, nothing was shown
 * @param violations the cases in which it does not hold
 */
public record Finding(String id, String promise, long cases, List<Violation> violations) {
  public Finding {
    violations = List.copyOf(violations);
  }

  /** One broken case: which payment (account, record) and what is wrong with it. */
  public record Violation(String subject, String what) {
    @Override
    public String toString() {
      return subject + ": " + what;
    }
  }

  public boolean broken() {
    return !violations.isEmpty();
  }
}
