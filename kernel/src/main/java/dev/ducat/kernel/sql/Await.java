package dev.ducat.kernel.sql;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Straight-line waiting for a Vert.x future, on virtual threads only, and never for ever. */
public final class Await {
  private Await() {}

  /**
   * The result of {@code future}.
   *
   * @throws AwaitTimeout when there is none within {@code limit}: the work may still happen
   * @throws RuntimeException the future's own failure, as it is
   */
  public static <T> T result(Future<T> future, Duration limit) {
    try {
      return future.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException late) {
      throw new AwaitTimeout(limit, late);
    }
  }

  /** No answer in time: unknown, not failed. */
  public static final class AwaitTimeout extends RuntimeException {
    AwaitTimeout(Duration limit, Throwable cause) {
      super("no answer within " + limit.toMillis() + " ms", cause);
    }
  }
}
