package dev.ducat.kernel.lane;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

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
  private boolean woken;

  Mailbox(int clientMax) {
    this.clientMax = clientMax;
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
   * Waits for a first letter (or a wake-up, or {@code patience}), then takes what is there; never
   * waits to fill up.
   */
  List<Letter<M>> takeAll(int max, Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long nanos = patience.toNanos();
      while (urgent.isEmpty() && client.isEmpty() && !woken && nanos > 0) {
        nanos = filled.awaitNanos(nanos);
      }
      woken = false;
      int count = Math.min(max, urgent.size() + client.size());
      List<Letter<M>> taken = new ArrayList<>(count);
      while (taken.size() < count) {
        taken.add(urgent.isEmpty() ? client.remove() : urgent.remove());
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
