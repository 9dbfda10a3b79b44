package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.embedded.RedisEndpoint;
import dev.ducat.embedded.Service;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.torture.Rpc.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Redis only ever guesses faster: without it, or with its memory gone, nothing else changes. */
final class RedisAwayTest {
  private final Installation installation = Installation.shared();

  @AfterEach
  void bringRedisBack() {
    installation.services().resume(Service.REDIS);
    installation.services().restart(Service.REDIS);
  }

  @Test
  void paymentsHappenOnceWhateverRedisDoes() {
    NodeProcess node = installation.steadyNode();
    try (Load load = Load.start("redis-away", 200, 8, 6, () -> List.of(node.grpc()))) {
      load.awaitFinished(30);
      flush(installation.services().redis());
      load.awaitFinished(60);
      installation.services().pause(Service.REDIS);
      load.awaitFinished(90);
      installation.services().resume(Service.REDIS);
      load.awaitFinished(120);
      installation.services().kill(Service.REDIS);
      load.assertUnderWay();

      History history = load.join();
      assertReplays("without", history, node);
      installation.services().restart(Service.REDIS);
      assertReplays("with", history, node);
      assertSeenButNotShouted(node);
      Proof.of(installation).assertAllHold(history);
    }
  }

  /** Counted with every call; a line in the log once a minute, whatever went on. */
  private static void assertSeenButNotShouted(NodeProcess node) {
    assertThat(node.metric("ducat_gateway_redis_fallbacks_total")).isPositive();
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> node.metric("ducat_gateway_redis_usable") == 1);
    assertThat(node.logLines("Redis is no help")).hasSizeBetween(1, 3);
    assertThat(node.logLines("ConnectionWatchdog")).isEmpty();
  }

  private static void assertReplays(String round, History history, NodeProcess node) {
    try (PaymentClient client = new PaymentClient("again-" + round, history, node.grpc())) {
      history.payments().entrySet().stream()
          .limit(20)
          .forEach(
              each -> {
                Reply<Payment> again =
                    client.create(history.of(each.getKey()).iterator().next().request());
                assertThat(again.message())
                    .as("answer to the key %s, asked again", each.getKey())
                    .isEqualTo(each.getValue());
                assertThat(again.replayed()).as("%s is marked", each.getKey()).isTrue();
              });
    }
  }

  /** FLUSHALL in Redis's own words: one command needs no client library. */
  private static void flush(RedisEndpoint redis) {
    try (Socket socket = new Socket(redis.host(), redis.port())) {
      socket.getOutputStream().write("FLUSHALL\r\n".getBytes(StandardCharsets.US_ASCII));
      byte[] answer = socket.getInputStream().readNBytes(5);
      assertThat(new String(answer, StandardCharsets.US_ASCII)).isEqualTo("+OK\r\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
