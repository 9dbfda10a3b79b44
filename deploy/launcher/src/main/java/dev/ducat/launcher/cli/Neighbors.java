package dev.ducat.launcher.cli;

import dev.ducat.launcher.config.ConfigException;
import dev.ducat.launcher.config.NodeConfig;
import dev.ducat.launcher.node.ReadyInfo;
import java.nio.file.Files;
import java.util.List;

/** Other nodes on the same data folder: they share the work, which takes a cluster. */
final class Neighbors {
  private Neighbors() {}

  /**
   * Refuses a node that could not speak with those that run already.
   *
   * @throws ConfigException naming one of them
   */
  static void check(NodeConfig config) {
    for (ReadyInfo other : ReadyInfo.alive(config.data())) {
      if (other.nodeId().equals(config.nodeId())) {
        throw new ConfigException(
            List.of(
                "node.id: process %d has the name %s already"
                    .formatted(other.pid(), other.nodeId())));
      }
      boolean clustered = Files.exists(config.data().resolve("cluster").resolve(other.nodeId()));
      if (!clustered || !config.cluster().enabled()) {
        throw new ConfigException(
            List.of(
                "cluster.enabled: node %s (process %d) runs on %s; nodes share the work only as a cluster, each started with --cluster"
                    .formatted(other.nodeId(), other.pid(), config.data())));
      }
    }
  }
}
