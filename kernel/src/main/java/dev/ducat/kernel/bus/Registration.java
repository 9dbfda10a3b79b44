package dev.ducat.kernel.bus;

import io.vertx.core.Future;

/** An address that is being served. */
@FunctionalInterface
public interface Registration {
  /** Stops serving it; afterwards asks find NO_HANDLERS here. */
  Future<Void> close();
}
