package dev.ducat.launcher.demo;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** What the clients count while they work. For many threads. */
final class Tally {
  private static final long HIGHEST_US = TimeUnit.MINUTES.toMicros(5);

  private final Map<String, Map<String, Integer>> outcomes = new ConcurrentHashMap<>();
  private final AtomicInteger resting = new AtomicInteger();
  private final AtomicInteger retries = new AtomicInteger();
  private final AtomicInteger replays = new AtomicInteger();
  private final Histogram before = new ConcurrentHistogram(HIGHEST_US, 3);
  private final Histogram after = new ConcurrentHistogram(HIGHEST_US, 3);
  private volatile boolean killed;

  /** An order whose payment rests. */
  void rested(String method, String outcome, boolean replayed, Duration latency) {
    outcomes
        .computeIfAbsent(method, none -> new ConcurrentHashMap<>())
        .merge(outcome, 1, Integer::sum);
    (killed ? after : before)
        .recordValue(Math.min(HIGHEST_US, TimeUnit.NANOSECONDS.toMicros(latency.toNanos())));
    if (replayed) {
      replays.incrementAndGet();
    }
    resting.incrementAndGet();
  }

  /** A call without an answer, to be made again. */
  void retried() {
    retries.incrementAndGet();
  }

  /** What ends from now on belongs to the time after the kill. */
  void killed() {
    killed = true;
  }

  int resting() {
    return resting.get();
  }

  int retries() {
    return retries.get();
  }

  int replays() {
    return replays.get();
  }

  Histogram latencyBefore() {
    return before;
  }

  Histogram latencyAfter() {
    return after;
  }

  /** By payment method: how often each outcome was heard. */
  Map<String, Map<String, Integer>> outcomes() {
    return new TreeMap<>(outcomes);
  }
}
