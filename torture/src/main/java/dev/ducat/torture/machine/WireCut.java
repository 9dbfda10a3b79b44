package dev.ducat.torture.machine;

import dev.ducat.embedded.Service;
import java.time.Duration;
import java.util.Random;

/** One node cannot reach a service that all others reach. */
record WireCut(Service service, Duration length) implements Fault {
  @Override
  public void strike(Cluster cluster, Random dice) {
    Wire wire = cluster.wire(dice.nextInt(cluster.size()), service);
    wire.cut();
    try {
      Pause.of(length);
    } finally {
      wire.mend();
    }
  }
}
