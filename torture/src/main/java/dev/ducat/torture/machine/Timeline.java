package dev.ducat.torture.machine;

import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** When clients called and when they were answered, in seconds since the beginning. */
final class Timeline {
  private final long began = System.nanoTime();
  private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
  private final Queue<Wait> waits = new ConcurrentLinkedQueue<>();
  private final Queue<Double> begun = new ConcurrentLinkedQueue<>();

  /**
   * One attempt.
   *
   * @param outcome {@code ok}, {@code refused}, {@code unknown}, or {@code ended} for a stream that
   *     was left
   * @param silent whether it is about a payment whose PSP is told to stay silent: such a call takes
   *     as long as its client is willing to wait
   */
  record Call(String method, String outcome, double began, double ended, boolean silent) {
    boolean good() {
      // A refusal is as good an answer as any other.
      return outcome.equals("ok") || outcome.equals("refused");
    }

    double ms() {
      return (ended - began) * 1_000;
    }
  }

  /**
   * One request through all its attempts.
   *
   * @param doubt when an attempt first left it unknown what had happened; NaN when none did
   * @param resolved whether it was known in the end
   */
  record Wait(double began, double doubt, double ended, boolean resolved) {
    boolean doubted() {
      return !Double.isNaN(doubt);
    }
  }

  /** Seconds since the beginning. */
  double now() {
    return (System.nanoTime() - began) / 1e9;
  }

  /** A client begins with a payment. */
  void begins() {
    begun.add(now());
  }

  /** When clients began with payments. */
  List<Double> begun() {
    return List.copyOf(begun);
  }

  /** An attempt has ended. */
  void ended(String method, String outcome, double called, boolean silent) {
    calls.add(new Call(method, outcome, called, now(), silent));
  }

  /** A request is over. */
  void waited(double since, double doubt, boolean resolved) {
    waits.add(new Wait(since, doubt, now(), resolved));
  }

  List<Call> calls() {
    return List.copyOf(calls);
  }

  List<Wait> waits() {
    return List.copyOf(waits);
  }

  /** How often each method ended how. */
  Map<String, Long> outcomes() {
    Map<String, Long> counts = new TreeMap<>();
    for (Call call : calls) {
      counts.merge(call.method() + " " + call.outcome(), 1L, Long::sum);
    }
    return counts;
  }

  /** The longest that a client waited for what it asked, of requests that were open in a span. */
  double longestWait(double from, double to) {
    return waits.stream()
        .filter(wait -> wait.began() <= to && wait.ended() >= from)
        .mapToDouble(wait -> wait.ended() - wait.began())
        .max()
        .orElse(0);
  }

  /** How a fault was recovered from. */
  Recovery recovery(double struck, double healed) {
    double[] good = calls.stream().filter(Call::good).mapToDouble(Call::ended).sorted().toArray();
    return Recovery.of(good, struck, healed, now());
  }
}
