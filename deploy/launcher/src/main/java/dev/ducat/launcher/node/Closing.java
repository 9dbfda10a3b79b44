package dev.ducat.launcher.node;

import dev.ducat.kernel.sql.Await;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was opened, to be closed in reverse, all of it within one limit: a step that hangs or fails
 * does not keep the others from theirs.
 */
final class Closing {
  private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

  private record Step(String name, Supplier<Future<Void>> action) {}

  private final Duration limit;
  private final Deque<Step> steps = new ArrayDeque<>();

  Closing(Duration limit) {
    this.limit = limit;
  }

  /** Adds what was opened last, which is closed first. */
  synchronized void then(String name, Supplier<Future<Void>> action) {
    steps.push(new Step(name, action));
  }

  /** Closes everything, blocking. A second call finds nothing left to do. */
  synchronized void run() {
    long start = System.nanoTime();
    while (!steps.isEmpty()) {
      Step step = steps.pop();
      Duration left = limit.minusNanos(System.nanoTime() - start);
      try {
        // Even with no time left each step is begun, and given a moment.
        Await.result(step.action().get(), left.isPositive() ? left : Duration.ofMillis(100));
        LOG.info("{} closed", step.name());
      } catch (RuntimeException failed) {
        LOG.warn("{} did not close in order", step.name(), failed);
      }
    }
  }
}
