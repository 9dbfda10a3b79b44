package dev.ducat.saga;

import dev.ducat.kernel.node.Node;
import io.micrometer.core.instrument.Counter;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees idempotency keys whose time is over and whose payments are complete. Every node runs one;
 * the database lets one of them sweep at a time, in batches, at a pace that is one for all.
 */
final class KeySweeper {
  private static final Logger LOG = LoggerFactory.getLogger(KeySweeper.class);

  /** Some ten milliseconds of work for the database. */
  private static final int BATCH = 500;

  /** In units of the idle pause, an hour by default: payments rest for days. */
  private static final int AGAIN = 120;

  /**
   * How it sweeps.
   *
   * @param batch rows that are looked at in one transaction, at most
   * @param life of a key; the sweep stays that far behind the present
   * @param idle the pause where nothing is left to do
   * @param again the pause until a key is looked at again whose payment was not complete
   */
  record Pace(int batch, Duration life, Duration idle, Duration again) {
    static Pace of(SagaSettings settings) {
      return new Pace(
          BATCH, settings.keyLife(), settings.scan(), settings.scan().multipliedBy(AGAIN));
    }
  }

  /**
   * What a batch did; nothing where another node sweeps or the time has not come.
   *
   * @param kept keys that are over their time and stay, until their payments are complete
   * @param pause until the next batch is due
   */
  record Swept(int looked, int freed, int kept, Duration pause) {}

  private final Vertx vertx;
  private final Pace pace;
  private final KeySweepStore store;
  private final Counter freed;
  private long timer = -1;
  private boolean open = true;

  KeySweeper(Vertx vertx, Node node, Pace pace) {
    this.vertx = vertx;
    this.pace = pace;
    this.store = new KeySweepStore(vertx, node);
    this.freed =
        Counter.builder("ducat.saga.keys.freed")
            .description("idempotency keys whose time was over")
            .register(node.meters());
  }

  /** One batch, if it is due and nobody else is at it. */
  Future<Swept> runOnce() {
    return store.sweep(pace).onSuccess(swept -> freed.increment(swept.freed()));
  }

  /** Sweeps from now on, on the event loop of the caller. */
  void run() {
    runOnce()
        .map(Swept::pause)
        .otherwise(
            failure -> {
              if (open) {
                LOG.warn("keys are not swept now, which only takes room: {}", failure.toString());
              }
              return pace.idle;
            })
        .onSuccess(
            pause -> {
              if (open) {
                timer = vertx.setTimer(pause.toMillis(), due -> run());
              }
            });
  }

  Future<Void> stop() {
    open = false;
    vertx.cancelTimer(timer);
    return store.close();
  }
}
