package dev.ducat.launcher.testing;

import dev.ducat.launcher.config.NodeConfig;
import dev.ducat.launcher.config.Setting;
import dev.ducat.launcher.config.Settings;
import dev.ducat.launcher.node.DucatNode;
import dev.ducat.launcher.node.Foundation;
import dev.ducat.launcher.node.ReadyInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** One node with every verticle, on embedded services of its own, in this JVM. */
public record TestHouse(NodeConfig config, Foundation foundation, DucatNode node)
    implements AutoCloseable {
  private static final Duration READY_MAX = Duration.ofSeconds(90);

  /** Starts it on free ports and a folder, and waits until it serves. */
  public static TestHouse start(Path data, String fee) {
    return start(data, fee, Map.of());
  }

  /** The same with variables such as {@code DUCAT_CONNECTORS_ACME_ADDRESS}. */
  public static TestHouse start(Path data, String fee, Map<String, String> variables) {
    NodeConfig config =
        NodeConfig.from(
            Settings.read(
                null,
                variables,
                Map.of(
                    Setting.DATA, data.toString(),
                    Setting.NODE_ID, "test",
                    Setting.FEE, fee,
                    Setting.GRPC_PORT, "0",
                    Setting.OPERATIONS_PORT, "0",
                    Setting.HTTP_PORT, "0")));
    Foundation foundation = Foundation.lay(config, false, true);
    try {
      DucatNode node = DucatNode.start(config, foundation);
      node.awaitReady(READY_MAX);
      node.info().write(ReadyInfo.fileOf(data, config.nodeId()));
      return new TestHouse(config, foundation, node);
    } catch (RuntimeException failed) {
      foundation.close();
      throw failed;
    }
  }

  @Override
  public void close() {
    node.close();
    foundation.close();
  }
}
