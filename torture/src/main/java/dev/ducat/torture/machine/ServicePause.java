package dev.ducat.torture.machine;

import dev.ducat.embedded.Service;
import java.time.Duration;
import java.util.Random;

/** A service hangs: connections stay open, nothing answers. */
record ServicePause(Service service, Duration length) implements Fault {
  @Override
  public void strike(Cluster cluster, Random dice) {
    cluster.services().pause(service);
    try {
      Pause.of(length);
    } finally {
      cluster.services().resume(service);
    }
  }
}
