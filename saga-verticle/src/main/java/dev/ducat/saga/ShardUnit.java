package dev.ducat.saga;

import dev.ducat.kernel.shard.Lease;
import java.util.concurrent.atomic.AtomicInteger;

/** A shard that this process works on: its lease, and how much is going on in it. */
final class ShardUnit {
  private final Lease lease;
  private final AtomicInteger active = new AtomicInteger();
  private volatile boolean dropped;

  ShardUnit(Lease lease) {
    this.lease = lease;
  }

  Lease lease() {
    return lease;
  }

  /** The stream and the address. */
  String stream() {
    return lease.address();
  }

  int shard() {
    return lease.unit();
  }

  /** One more piece of work that should end before the unit is given back. */
  void begin() {
    active.incrementAndGet();
  }

  void end() {
    active.decrementAndGet();
  }

  boolean isQuiet() {
    return active.get() <= 0;
  }

  /** From now on nothing is done for it here. */
  void drop() {
    dropped = true;
  }

  boolean isDropped() {
    return dropped;
  }
}
