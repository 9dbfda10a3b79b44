package dev.ducat.launcher.cli;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ducat.launcher.config.ConfigException;
import dev.ducat.launcher.config.NodeConfig;
import dev.ducat.launcher.config.NodeConfig.Listen;
import dev.ducat.launcher.config.Setting;
import dev.ducat.launcher.config.Settings;
import dev.ducat.launcher.node.ReadyInfo;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NeighborsTest {
  @TempDir private Path data = Path.of("unset");

  @BeforeEach
  void aNodeRunsHere() {
    long pid = ProcessHandle.current().pid();
    new ReadyInfo(pid, "one", "h:1", "h:2", "h:3", "p", "r", "k")
        .write(ReadyInfo.fileOf(data, "one"));
  }

  private NodeConfig config(String nodeId, boolean cluster) {
    return NodeConfig.from(
        Settings.only(
            Map.of(
                Setting.DATA, data.toString(),
                Setting.NODE_ID, nodeId,
                Setting.CLUSTER, Boolean.toString(cluster))));
  }

  private void theOtherIsClustered() throws Exception {
    Files.createDirectories(data.resolve("cluster"));
    Files.writeString(data.resolve("cluster").resolve("one"), "1 h:7800");
  }

  @Test
  void aSecondNodeOutsideOfTheClusterIsRefused() throws Exception {
    theOtherIsClustered();

    assertThatThrownBy(() -> Neighbors.check(config("two", false)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("--cluster");
  }

  @Test
  void aSecondNodeBesideOneThatIsNotClusteredIsRefused() {
    assertThatThrownBy(() -> Neighbors.check(config("two", true))).hasMessageContaining("node one");
  }

  @Test
  void nodesOfAClusterGetAlong() throws Exception {
    theOtherIsClustered();

    assertThatCode(() -> Neighbors.check(config("two", true))).doesNotThrowAnyException();
  }

  @Test
  void aNameIsGivenOnce() throws Exception {
    theOtherIsClustered();

    assertThatThrownBy(() -> Neighbors.check(config("one", true)))
        .hasMessageContaining("has the name one already");
  }

  @Test
  void portsThatAreTakenAreNamedTogether() throws Exception {
    try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ServerSocket two = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Listen listen = new Listen("127.0.0.1", one.getLocalPort(), 0, two.getLocalPort());

      assertThatThrownBy(() -> TakenPorts.check(listen))
          .hasMessageContaining("grpc.port: port " + one.getLocalPort() + " is taken")
          .hasMessageContaining("http.port: port " + two.getLocalPort() + " is taken");
    }
  }

  @Test
  void whatADeadProcessLeftIsNoNeighbor() throws Exception {
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    new ReadyInfo(dead.pid(), "one", "h:1", "h:2", "h:3", "p", "r", "k")
        .write(ReadyInfo.fileOf(data, "one"));

    assertThatCode(() -> Neighbors.check(config("two", false))).doesNotThrowAnyException();
  }
}
