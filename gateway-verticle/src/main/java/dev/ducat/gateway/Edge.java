package dev.ducat.gateway;

import dev.ducat.kernel.time.Clock;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The calls of one event loop. A sweep over them keeps every deadline: one timer for all, because a
 * timer per call would cost more than the call's own bookkeeping.
 */
final class Edge {
  /** How late a deadline may be noticed. */
  private static final long SWEEP_MS = 20;

  private final Vertx vertx;
  private final Clock clock;
  private final Duration linger;
  private final List<Call> live = new ArrayList<>();
  private boolean sweeping;
  private boolean draining;

  /**
   * @param linger how long a stream may stay open after its status
   */
  Edge(Vertx vertx, Clock clock, Duration linger) {
    this.vertx = vertx;
    this.clock = clock;
    this.linger = linger;
  }

  long nanos() {
    return clock.monotonicNanos();
  }

  /** How long a stream may stay after its status: for slow readers, and clients that go on. */
  Duration linger() {
    return linger;
  }

  boolean isDraining() {
    return draining;
  }

  /** From now on new calls are refused, and open streams end so that their clients go elsewhere. */
  void drain() {
    draining = true;
    for (Call call : List.copyOf(live)) {
      if (!(call instanceof UnaryCall)) {
        call.fail(new Problem.Draining().asException());
      }
    }
  }

  void began(Call call) {
    call.slot = live.size();
    live.add(call);
    if (!sweeping) {
      sweeping = true;
      vertx.setTimer(SWEEP_MS, this::sweep);
    }
  }

  void forget(Call call) {
    int slot = call.slot;
    if (slot < 0) {
      return;
    }
    // The last one moves into the gap: order does not matter.
    Call last = live.removeLast();
    if (last.slot != slot) {
      live.set(slot, last);
      last.slot = slot;
    }
    call.slot = -1;
  }

  private void sweep(long timer) {
    long now = nanos();
    // From the end, because a call that goes is replaced by one that was looked at already.
    for (int i = live.size() - 1; i >= 0; i--) {
      if (i < live.size() && live.get(i).isDue(now)) {
        live.get(i).expire();
      }
    }
    sweeping = !live.isEmpty();
    if (sweeping) {
      vertx.setTimer(SWEEP_MS, this::sweep);
    }
  }
}
