package dev.ducat.bench.ducat;

import java.util.List;

/** A run was fast and wrong: its figure does not count. */
public final class WrongResult extends RuntimeException {
  private static final long serialVersionUID = 1L;

  WrongResult(List<String> faults) {
    super("the run is wrong: " + String.join("; ", faults));
  }
}
