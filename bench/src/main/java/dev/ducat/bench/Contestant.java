package dev.ducat.bench;

/**
 * Something that does work at a measurable speed: Ducat itself, a yardstick or a peer. Contestants
 * of one call take turns, so that what disturbs the machine disturbs them all alike.
 */
public interface Contestant extends AutoCloseable {
  /** As tables name it: {@code naive spread, 16 connections}. */
  String name();

  /**
   * One run; the contestant is ready for the next when this returns. Fails when the work is wrong.
   */
  Run run(Bounds bounds);

  @Override
  void close();
}
