package dev.ducat.launcher.psp;

/** An adapter did other than its contract wants; the message says what it did. */
final class Deviation extends RuntimeException {
  Deviation(String got) {
    super(got, null, false, false);
  }
}
