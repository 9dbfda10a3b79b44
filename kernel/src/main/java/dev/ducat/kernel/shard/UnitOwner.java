package dev.ducat.kernel.shard;

import io.vertx.core.Future;
import java.util.Set;

/** A verticle that works on units. Called from the lease keeper's thread. */
public interface UnitOwner {
  /** Versions of definitions that this process can work by; none where there are no versions. */
  default Set<Integer> versions() {
    return Set.of();
  }

  /** The units with unfinished work of a version that is not among {@code versions}. */
  default Future<Set<Integer>> beyond(Set<Integer> versions) {
    return Future.succeededFuture(Set.of());
  }

  /** The unit is ours: load it, then serve it. When this fails the unit is given back. */
  Future<Void> acquired(Lease lease);

  /**
   * The unit is about to be given back: take no new work, wait (bounded) for calls in flight, stop
   * serving.
   */
  Future<Void> leaving(Lease lease);

  /**
   * The unit belongs to somebody else, or may: drop all memory of it, without another word to the
   * database.
   */
  void lost(Lease lease);
}
