package dev.ducat.kernel.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.SocketException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class AwaitTest {
  private static final Duration LIMIT = Duration.ofMillis(50);

  @Test
  void aCheckedFailureCanBeCaughtLikeAnyOther() throws InterruptedException {
    SocketException reset = new SocketException("Connection reset");
    assertThat(thrownBy(Future.failedFuture(reset)))
        .isInstanceOf(Await.AwaitFailed.class)
        .hasCause(reset)
        .hasMessageContaining("Connection reset");
  }

  @Test
  void anUncheckedFailureComesAsItIs() throws InterruptedException {
    IllegalStateException failure = new IllegalStateException("closed");
    assertThat(thrownBy(Future.failedFuture(failure))).isSameAs(failure);
  }

  @Test
  void noAnswerIsATimeout() throws InterruptedException {
    assertThat(thrownBy(Promise.promise().future())).isInstanceOf(Await.AwaitTimeout.class);
  }

  /** What a catch of RuntimeException sees, as those of lanes and leases do. */
  private static RuntimeException thrownBy(Future<?> future) throws InterruptedException {
    AtomicReference<@Nullable RuntimeException> caught = new AtomicReference<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                Await.result(future, LIMIT);
              } catch (RuntimeException failure) {
                caught.set(failure);
              }
            })
        .join();
    return Objects.requireNonNull(caught.get(), "nothing was thrown");
  }
}
