package dev.ducat.torture.machine;

import dev.ducat.embedded.Service;
import java.time.Duration;
import java.util.Random;
import java.util.Set;

/**
 * Between one node and a service bytes are late. Held requests arrive after their sender has given
 * up, commits among them; held answers leave him not knowing what was done.
 */
record WireHeld(Service service, Set<Wire.Way> ways, Duration length) implements Fault {
  WireHeld {
    ways = Set.copyOf(ways);
  }

  @Override
  public void strike(Cluster cluster, Random dice) {
    Wire wire = cluster.wire(dice.nextInt(cluster.size()), service);
    wire.hold(ways);
    try {
      Pause.of(length);
    } finally {
      wire.release();
    }
  }
}
