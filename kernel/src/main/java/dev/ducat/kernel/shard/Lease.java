package dev.ducat.kernel.shard;

import dev.ducat.kernel.time.Clock;
import java.util.UUID;

/**
 * A unit that this process owns, as far as it knows. Knowing may be late: {@link #isTrusted} says
 * until when the knowledge is good, and the fence refuses whatever is committed on knowledge that
 * was not.
 */
public final class Lease {
  private final UnitKind kind;
  private final int unit;
  private final UUID owner;
  private volatile long epoch;
  private volatile long trustedUntilNanos;

  public Lease(UnitKind kind, int unit, UUID owner, long epoch, long trustedUntilNanos) {
    this.kind = kind;
    this.unit = unit;
    this.owner = owner;
    this.epoch = epoch;
    this.trustedUntilNanos = trustedUntilNanos;
  }

  public UnitKind kind() {
    return kind;
  }

  public int unit() {
    return unit;
  }

  /** The token of this process. */
  public UUID owner() {
    return owner;
  }

  /** The fencing token; grows when this process raises it. */
  public long epoch() {
    return epoch;
  }

  /** Bus address and stream. */
  public String address() {
    return kind.address(unit);
  }

  /** Whether nobody else can own the unit yet, by this process's own monotonic clock. */
  public boolean isTrusted(Clock clock) {
    return clock.monotonicNanos() - trustedUntilNanos < 0;
  }

  void raisedTo(long raised) {
    epoch = raised;
  }

  void trustUntil(long nanos) {
    trustedUntilNanos = nanos;
  }

  @Override
  public String toString() {
    return address() + "@" + epoch;
  }
}
