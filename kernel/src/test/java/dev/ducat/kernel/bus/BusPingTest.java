package dev.ducat.kernel.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Empty;
import dev.ducat.kernel.sql.Await;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BusPingTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.on(vertx);

  @AfterEach
  void close() {
    Await.result(vertx.close(), LIMIT);
  }

  @Test
  void aServedAddressAnswersWithoutItsHandlerBeingCalled() {
    AtomicInteger calls = new AtomicInteger();
    Await.result(
        bus.serve(
            "unit.1",
            Empty.getDefaultInstance(),
            request -> {
              calls.incrementAndGet();
              return Future.succeededFuture(request);
            }),
        LIMIT);

    Await.result(bus.ping("unit.1", LIMIT), LIMIT);

    assertThat(calls).hasValue(0);
  }

  @Test
  void anAddressThatIsServedNoMoreFindsNoHandlers() {
    Registration registration =
        Await.result(
            bus.serve("unit.1", Empty.getDefaultInstance(), Future::succeededFuture), LIMIT);
    Await.result(registration.close(), LIMIT);

    assertThatThrownBy(() -> Await.result(bus.ping("unit.1", LIMIT), LIMIT))
        .isInstanceOfSatisfying(
            BusException.class,
            failure -> assertThat(failure.failure()).isEqualTo(BusFailure.NO_HANDLERS));
  }
}
