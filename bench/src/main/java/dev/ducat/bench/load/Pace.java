package dev.ducat.bench.load;

/** When the next call is sent. */
public sealed interface Pace {
  /** Whenever one is answered: so many are always in flight, and a slow server gets less load. */
  record ClosedLoop(int inFlight) implements Pace {
    public ClosedLoop {
      if (inFlight < 1) {
        throw new IllegalArgumentException("at least one in flight, not " + inFlight);
      }
    }
  }

  /**
   * By the clock, whatever the server does. Latency counts from the moment a call was due, so that
   * a stall is seen by all who would have met it.
   */
  record OpenLoop(double perSecond) implements Pace {
    public OpenLoop {
      if (!(perSecond > 0)) {
        throw new IllegalArgumentException("a positive rate, not " + perSecond);
      }
    }
  }
}
