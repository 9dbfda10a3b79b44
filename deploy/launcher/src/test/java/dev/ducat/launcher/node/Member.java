package dev.ducat.launcher.node;

import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.sql.Await;
import dev.ducat.launcher.config.NodeConfig;
import dev.ducat.launcher.config.Setting;
import dev.ducat.launcher.config.Settings;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.spi.cluster.NodeInfo;
import io.vertx.ext.cluster.infinispan.InfinispanClusterManager;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** A member of the cluster of a data folder, with nothing of Ducat but the bus. */
record Member(Membership membership, NodeInfo busAddress, Vertx vertx, Bus bus)
    implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  static Member join(Path data, String nodeId, Map<Setting, String> more) {
    Map<Setting, String> settings = new HashMap<>(more);
    settings.put(Setting.DATA, data.toString());
    settings.put(Setting.NODE_ID, nodeId);
    settings.put(Setting.CLUSTER, "true");
    NodeConfig config = NodeConfig.from(Settings.read(null, Map.of(), settings));
    Membership membership = Membership.join(config);
    InfinispanClusterManager manager = membership.forVertx();
    Vertx vertx =
        Await.result(
            Vertx.builder()
                .with(new VertxOptions().setEventBusOptions(MembersOnly.bus(config.cluster())))
                .withClusterManager(manager)
                .buildClustered(),
            LIMIT);
    return new Member(membership, manager.getNodeInfo(), vertx, Bus.on(vertx));
  }

  @Override
  public void close() {
    Await.result(vertx.close(), LIMIT);
    membership.close();
  }
}
