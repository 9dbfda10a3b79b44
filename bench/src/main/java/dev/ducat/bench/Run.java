package dev.ducat.bench;

import java.time.Duration;
import org.HdrHistogram.Histogram;

/**
 * What one run did.
 *
 * @param completed operations on the clock
 * @param took time on the clock
 * @param latencyMicros of each operation, in microseconds
 */
public record Run(long completed, Duration took, Histogram latencyMicros) {
  public double perSecond() {
    return completed * 1e9 / took.toNanos();
  }
}
