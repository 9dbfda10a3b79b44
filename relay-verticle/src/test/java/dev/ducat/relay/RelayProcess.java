package dev.ducat.relay;

import dev.ducat.kernel.sql.PgSettings;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.kernel.time.SystemClock;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.List;

/** A relay in a process of its own, which a crash point or a signal can end. */
final class RelayProcess {
  private RelayProcess() {}

  static Process start(PgSettings postgres, String nodeId, String crash, RelaySettings.Mode mode)
      throws IOException {
    return new ProcessBuilder(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-Dducat.crash=" + crash,
                "-cp",
                System.getProperty("java.class.path"),
                RelayProcess.class.getName(),
                postgres.toString(),
                KafkaReader.bootstrap(),
                nodeId,
                mode.name()))
        .redirectErrorStream(true)
        .redirectOutput(Redirect.appendTo(Path.of("target", "relay-process.log").toFile()))
        .start();
  }

  public static void main(String[] args) {
    TestNode node =
        TestNode.apart(PgSettings.parse(args[0]), args[2], RelayHarness.SHARDS, new SystemClock());
    node.deploy(
        new RelayVerticle(
            node.node(),
            RelayHarness.settings(args[1]).withMode(RelaySettings.Mode.valueOf(args[3]))));
  }
}
