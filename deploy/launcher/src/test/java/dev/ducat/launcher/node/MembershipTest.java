package dev.ducat.launcher.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.ducat.kernel.sql.Await;
import io.vertx.core.Future;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MembershipTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private Path data = Path.of("unset");

  private Member join(String nodeId) {
    return Member.join(data, nodeId, Map.of());
  }

  @Test
  void nodesOnOneFolderFindEachOtherAndAskAcross() {
    try (Member one = join("one");
        Member two = join("two")) {
      Await.result(
          one.bus().serve("unit.1", StringValue.getDefaultInstance(), Future::succeededFuture),
          LIMIT);
      await()
          .atMost(LIMIT)
          .untilAsserted(() -> Await.result(two.bus().ping("unit.1", LIMIT), LIMIT));

      StringValue answer =
          Await.result(
              two.bus()
                  .ask("unit.1", StringValue.of("hello"), StringValue.getDefaultInstance(), LIMIT),
              LIMIT);

      assertThat(answer.getValue()).isEqualTo("hello");
    }
    assertThat(data.resolve("cluster")).isEmptyDirectory();
  }

  @Test
  void filesOfDeadProcessesAreSweptAway() throws Exception {
    Path folder = Files.createDirectories(data.resolve("cluster"));
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    Files.writeString(folder.resolve("gone"), dead.pid() + " 127.0.0.1:7800\n");

    Peers peers = Peers.announce(data, "me", "127.0.0.1:7801");

    assertThat(peers.addresses()).containsExactly("127.0.0.1:7801");
    assertThat(folder.resolve("gone")).doesNotExist();
  }
}
