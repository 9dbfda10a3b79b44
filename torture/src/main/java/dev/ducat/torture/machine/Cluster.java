package dev.ducat.torture.machine;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.launcher.config.NodeConfig.RedisUri;
import dev.ducat.launcher.config.NodeConfig.Services;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Real services and nodes over one data folder. Closing ends them all. */
final class Cluster implements AutoCloseable {
  private final EmbeddedServices services;
  private final List<Node> nodes = new CopyOnWriteArrayList<>();

  private Cluster(EmbeddedServices services) {
    this.services = services;
  }

  static Cluster start(Path data, int size) throws IOException {
    Cluster cluster =
        new Cluster(
            EmbeddedServices.start(
                EmbeddedServices.Options.in(data).withFresh(true).withBoundToJvm(true)));
    try {
      for (int number = 0; number < size; number++) {
        cluster.nodes.add(Node.start(data, "node-" + number));
      }
      return cluster;
    } catch (IOException | RuntimeException failed) {
      cluster.close();
      throw failed;
    }
  }

  EmbeddedServices services() {
    return services;
  }

  Services endpoints() {
    return new Services(
        PgSettings.parse(services.postgres().uri()),
        new RedisUri(services.redis().uri()),
        services.kafka().bootstrap());
  }

  Path journal() {
    return services.dataDir().resolve("simulator").resolve("journal.tsv");
  }

  int size() {
    return nodes.size();
  }

  Node node(int number) {
    return nodes.get(number);
  }

  /** Where clients may go; numbers may be larger than there are nodes. */
  SocketAddress gateway(int number) {
    return nodes.get(Math.floorMod(number, nodes.size())).grpc();
  }

  void startAgain(int number) throws IOException {
    nodes.set(number, Node.start(services.dataDir(), "node-" + number));
  }

  @Override
  public void close() {
    nodes.forEach(node -> node.process().destroyForcibly());
    services.close();
  }
}
