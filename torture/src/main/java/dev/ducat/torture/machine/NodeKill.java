package dev.ducat.torture.machine;

import java.util.Random;

/** {@code kill -9} of a node, which is started again at once. */
record NodeKill() implements Fault {
  @Override
  public void strike(Cluster cluster, Random dice) throws Exception {
    int number = dice.nextInt(cluster.size());
    cluster.node(number).kill();
    cluster.startAgain(number);
  }
}
