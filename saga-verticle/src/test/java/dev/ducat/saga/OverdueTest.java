package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.PaymentState;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Work that the table knows and memory does not. */
@ExtendWith(VertxExtension.class)
final class OverdueTest {
  @Test
  void aSagaThatMemoryLacksIsFoundByTheScan(Vertx vertx, @TempDir Path folder) {
    SagaSettings settings =
        SagaSettings.defaults(folder.resolve("journal")).withScan(Duration.ofMillis(400));
    try (SagaNode node = SagaNode.start(vertx, settings, new RecordingLedger())) {
      Payment parked =
          node.create("t1", Requests.payment("lost-1", "sim_wrong_amount", 100)).getPayment();
      assertThat(parked.getState()).isEqualTo(PaymentState.PAYMENT_STATE_NEEDS_ATTENTION);
      // As an operator's "retry" will leave it: due, and in nobody's memory.
      TestNode.await(
          node.testNode()
              .node()
              .queries()
              .query(
                  "update payment.saga set phase = 'ASK', state = 'WAITING',"
                      + " next_attempt_at = clock_timestamp() - interval '1 minute',"
                      + " update_time = clock_timestamp() - interval '1 minute'")
              .execute());
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(
              () ->
                  assertThat(
                          node.create("t1", Requests.payment("lost-1", "sim_wrong_amount", 100))
                              .getPayment()
                              .getState())
                      .isEqualTo(PaymentState.PAYMENT_STATE_SETTLED));
    }
  }
}
