package dev.ducat.kernel.shard;

import io.vertx.core.Future;

/** A verticle that works on units. Called from the lease keeper's thread. */
public interface UnitOwner {
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
