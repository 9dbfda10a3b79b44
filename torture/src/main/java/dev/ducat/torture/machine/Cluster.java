package dev.ducat.torture.machine;

import dev.ducat.embedded.EmbeddedServices;
import dev.ducat.embedded.Service;
import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.launcher.config.NodeConfig.RedisUri;
import dev.ducat.launcher.config.NodeConfig.Services;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Real services and nodes over one data folder. Closing ends them all. */
final class Cluster implements AutoCloseable {
  private final EmbeddedServices services;
  private final List<Wires> wires = new CopyOnWriteArrayList<>();
  private final List<Node> nodes = new CopyOnWriteArrayList<>();

  /** What a node reaches Postgres and Redis by. Kafka's broker names its own address to clients. */
  private record Wires(Wire postgres, Wire redis) {}

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
        cluster.wires.add(
            new Wires(
                Wire.to(cluster.services.postgres().port()),
                Wire.to(cluster.services.redis().port())));
        cluster.nodes.add(cluster.start(number));
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

  /** The network between a node and Postgres or Redis. */
  Wire wire(int number, Service service) {
    Wires ofNode = wires.get(number);
    return switch (service) {
      case POSTGRES -> ofNode.postgres();
      case REDIS -> ofNode.redis();
      case KAFKA -> throw new IllegalArgumentException("no wire to " + service);
    };
  }

  void startAgain(int number) throws IOException {
    nodes.set(number, start(number));
  }

  private Node start(int number) throws IOException {
    Wires ofNode = wires.get(number);
    return Node.start(
        services.dataDir(),
        "node-" + number,
        Map.of(
            "DUCAT_POSTGRES_URI",
            services
                .postgres()
                .uri()
                .replace(":" + services.postgres().port(), ":" + ofNode.postgres().port()),
            "DUCAT_REDIS_URI",
            "redis://127.0.0.1:" + ofNode.redis().port(),
            "DUCAT_KAFKA_BOOTSTRAP",
            services.kafka().bootstrap(),
            "DUCAT_INSECURE_DEV",
            "true"));
  }

  @Override
  public void close() {
    nodes.forEach(node -> node.process().destroyForcibly());
    for (Wires ofNode : wires) {
      ofNode.postgres().close();
      ofNode.redis().close();
    }
    services.close();
  }
}
