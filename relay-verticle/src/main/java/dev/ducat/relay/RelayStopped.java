package dev.ducat.relay;

/**
 * A finding that trying again does not mend: going on would publish twice or leave something out.
 * The slot stops, says so, and looks again now and then.
 */
final class RelayStopped extends RuntimeException {
  RelayStopped(String finding) {
    super(finding);
  }
}
