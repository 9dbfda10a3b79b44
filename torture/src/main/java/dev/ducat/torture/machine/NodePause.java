package dev.ducat.torture.machine;

import java.time.Duration;
import java.util.Random;

/** SIGSTOP of a node; longer than its lease, it must be fenced when it wakes up. */
record NodePause(Duration length) implements Fault {
  @Override
  public void strike(Cluster cluster, Random dice) throws Exception {
    Node node = cluster.node(dice.nextInt(cluster.size()));
    node.signal("STOP");
    try {
      Pause.of(length);
    } finally {
      node.signal("CONT");
    }
  }
}
