package dev.ducat.torture.machine;

import dev.ducat.embedded.Service;
import java.time.Duration;
import java.util.Random;

/** A service's processes die at once, and come back after a while. */
record ServiceKill(Service service, Duration away) implements Fault {
  @Override
  public void strike(Cluster cluster, Random dice) {
    cluster.services().kill(service);
    try {
      Pause.of(away);
    } finally {
      cluster.services().restart(service);
    }
  }
}
