package dev.ducat.kernel.lane;

import dev.ducat.kernel.shard.Lease;
import org.jspecify.annotations.Nullable;

/** A stream that a lane writes, as of its last commit. Touched by the lane's thread only. */
public final class Stream {
  private final Lease lease;
  private final long epoch;
  private long n;
  private long head;
  private byte @Nullable [] chain;

  Stream(Lease lease, long n, long head, byte @Nullable [] chain) {
    this.lease = lease;
    this.epoch = lease.epoch();
    this.n = n;
    this.head = head;
    this.chain = chain;
  }

  public Lease lease() {
    return lease;
  }

  /** For example {@code payment.shard.12}. */
  public String name() {
    return lease.address();
  }

  /** The epoch this was read at: memory of one epoch is never committed under another. */
  long epoch() {
    return epoch;
  }

  /** Transactions committed by all owners so far. */
  public long n() {
    return n;
  }

  /** The seq of the last event. */
  public long head() {
    return head;
  }

  /** The last hash of a chained stream; null before the first. */
  public byte @Nullable [] chain() {
    return chain;
  }

  void committed(long newHead, byte @Nullable [] newChain) {
    n++;
    head = newHead;
    if (newChain != null) {
      chain = newChain;
    }
  }
}
