package dev.ducat.torture.machine;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What clients saw, second by second, and in all. */
final class Timeline {
  private final long began = System.nanoTime();
  private final Map<Long, LongAdder> good = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> outcomes = new ConcurrentHashMap<>();
  final AtomicLong payments = new AtomicLong();

  /** Seconds since the beginning. */
  double now() {
    return (System.nanoTime() - began) / 1e9;
  }

  /** A call has ended: {@code ok}, {@code failed} or {@code unknown}. */
  void ended(String method, String outcome) {
    outcomes.computeIfAbsent(method + " " + outcome, none -> new LongAdder()).increment();
    if (outcome.equals("ok")) {
      good.computeIfAbsent((long) now(), none -> new LongAdder()).increment();
    }
  }

  /** Calls answered well in one second. */
  long goodput(long second) {
    LongAdder count = good.get(second);
    return count == null ? 0 : count.sum();
  }

  Map<String, LongAdder> outcomes() {
    return outcomes;
  }

  /**
   * Seconds from a fault's beginning until goodput was back at 70 % of the five seconds before it;
   * -1 when it never was within the run.
   */
  double recovery(double struck) {
    long second = (long) struck;
    double before = 0;
    for (long one = second - 5; one < second; one++) {
      before += goodput(one) / 5.0;
    }
    // The second in which it struck was good in part: it says nothing.
    for (long one = second + 1; one < (long) now(); one++) {
      if (goodput(one) >= 0.7 * before) {
        return one - struck;
      }
    }
    return -1;
  }
}
