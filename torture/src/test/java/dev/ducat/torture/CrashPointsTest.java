package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ducat.kernel.crash.CrashPoint;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A node ends without another instruction in each gap between two durable acts, in the middle of a
 * load, and is started again on the same folder. The clients know nothing of it but what a retry
 * with the same key tells them.
 */
final class CrashPointsTest {
  private static final int PAYMENTS = 100;
  private static final int CLIENTS = 8;

  /** What {@code kill -9} leaves as exit code, which a crash point imitates. */
  private static final int KILLED = 137;

  private final Installation installation = Installation.shared();

  /**
   * The counts let some tens of payments pass before: an ordinary payment commits three intents and
   * asks the PSP twice; the ledger and Kafka commit in batches.
   */
  @ParameterizedTest
  @CsvSource({
    "SAGA_INTENT_COMMITTED, 60",
    "PSP_ANSWERED, 50",
    "LEDGER_COMMITTED, 40",
    "KAFKA_SENT, 30",
    "KAFKA_COMMITTED, 30"
  })
  void aNodeThatDiesInAGapLosesAndDoublesNothing(CrashPoint point, int count) {
    String tenant = "crash-" + point.name().toLowerCase(Locale.ROOT).replace('_', '-');
    NodeProcess dying =
        installation.startAlone(installation.plan("crashing").crashingAt(point, count));
    AtomicReference<SocketAddress> gateway = new AtomicReference<>(dying.grpc());
    try (Load load =
        Load.start(
            tenant, PAYMENTS, CLIENTS, point.name().hashCode(), () -> List.of(gateway.get()))) {
      assertThat(dying.awaitExit(Duration.ofSeconds(40))).as("exit code").isEqualTo(KILLED);
      load.assertUnderWay();

      gateway.set(installation.startAlone(installation.plan("crashing")).grpc());
      History history = load.join();
      Proof.of(installation).assertAllHold(history);
    }
  }
}
