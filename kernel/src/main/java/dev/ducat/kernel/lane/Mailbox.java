package dev.ducat.kernel.lane;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;

/**
 * A lane's mailbox. Client work is refused when it is full; outcomes, replies and timers always
 * fit, because they belong to work that was accepted before, and they come first, because they
 * finish it.
 */
final class Mailbox<M> {
  /** A message, and whether it may be answered with a refusal. */
  record Letter<M>(M message, boolean refusable) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition filled = lock.newCondition();
  private final ArrayDeque<Letter<M>> urgent = new ArrayDeque<>();
  private final ArrayDeque<Letter<M>> client = new ArrayDeque<>();
  private final int clientMax;
  private final ToIntFunction<M> weight;
  private boolean woken;

  /**
   * A mailbox.
   *
   * @param clientMax client messages that fit
   * @param weight how much of a batch a message takes
   */
  Mailbox(int clientMax, ToIntFunction<M> weight) {
    this.clientMax = clientMax;
    this.weight = weight;
  }

  boolean offer(M message) {
    lock.lock();
    try {
      if (client.size() >= clientMax) {
        return false;
      }
      client.add(new Letter<>(message, true));
      filled.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  void put(M message) {
    lock.lock();
    try {
      urgent.add(new Letter<>(message, false));
      filled.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Makes a waiting {@link #takeAll} return. */
  void wake() {
    lock.lock();
    try {
      woken = true;
      filled.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for a first letter (or a wake-up, or {@code patience}), then takes what is there, up to
   * {@code max} in weight but at least one letter; never waits to fill up.
   */
  List<Letter<M>> takeAll(int max, Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long nanos = patience.toNanos();
      while (urgent.isEmpty() && client.isEmpty() && !woken && nanos > 0) {
        nanos = filled.awaitNanos(nanos);
      }
      woken = false;
      List<Letter<M>> taken = new ArrayList<>(Math.min(max, urgent.size() + client.size()));
      long room = max;
      while (room > 0 && !(urgent.isEmpty() && client.isEmpty())) {
        ArrayDeque<Letter<M>> next = urgent.isEmpty() ? client : urgent;
        room -= weight.applyAsInt(next.element().message());
        if (room >= 0 || taken.isEmpty()) {
          taken.add(next.remove());
        }
      }
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Everything that is there, without waiting. */
  List<Letter<M>> drain() {
    lock.lock();
    try {
      List<Letter<M>> taken = new ArrayList<>(urgent);
      taken.addAll(client);
      urgent.clear();
      client.clear();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  int size() {
    lock.lock();
    try {
      return urgent.size() + client.size();
    } finally {
      lock.unlock();
    }
  }
}
