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
   * @throws AwaitFailed when the future failed with a checked exception, as a lost connection does
   * @throws RuntimeException any other failure of the future, as it is
   */
  public static <T> T result(Future<T> future, Duration limit) {
    try {
      return future.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException late) {
      throw new AwaitTimeout(limit, late);
    } catch (RuntimeException known) {
      throw known;
    } catch (Exception checked) {
      // Vert.x throws the failure as it is, checked or not, and says nothing of it in its
      // signature:
      // no catch of a caller would see it, and it would end the caller's thread.
      if (checked instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new AwaitFailed(checked);
    }
  }

  /** The future failed with the cause, a checked exception. */
  public static final class AwaitFailed extends RuntimeException {
    AwaitFailed(Exception cause) {
      super(cause.toString(), cause);
    }
  }

  /** No answer in time: unknown, not failed. */
  public static final class AwaitTimeout extends RuntimeException {
    AwaitTimeout(Duration limit, Throwable cause) {
      super("no answer within " + limit.toMillis() + " ms", cause);
    }
  }
}
