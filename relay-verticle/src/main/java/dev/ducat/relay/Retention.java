package dev.ducat.relay;

import dev.ducat.kernel.node.Node;
import dev.ducat.relay.RelaySettings.Mode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the outbox's partitions ahead and drops those that are past their time and published. Every
 * node with a relay does it; the database lets one at a time.
 */
final class Retention {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
  private static final Duration EVERY = Duration.ofHours(1);
  private static final int WEEKS_AHEAD = 4;

  private final Vertx vertx;
  private final Node node;
  private final RelaySettings settings;
  private final RetentionStore store;
  private boolean open = true;

  Retention(Vertx vertx, Node node, RelaySettings settings) {
    this.vertx = vertx;
    this.node = node;
    this.settings = settings;
    this.store = new RetentionStore(vertx, node);
  }

  /** Begins now, and goes on every hour. */
  void start() {
    runOnce()
        .onSuccess(dropped -> dropped.forEach(one -> LOG.info("dropped outbox.{}", one)))
        .onFailure(later -> LOG.warn("outbox partitions were not kept: {}", later.getMessage()))
        .onComplete(
            done ->
                vertx.setTimer(
                    EVERY.toMillis(),
                    timer -> {
                      if (open) {
                        start();
                      }
                    }));
  }

  void stop() {
    open = false;
  }

  /**
   * Makes what is missing ahead and drops what may go.
   *
   * @return the partitions dropped
   */
  Future<List<String>> runOnce() {
    return store.keep(
        WEEKS_AHEAD,
        node.clock().now().minus(settings.retention()),
        settings.mode() == Mode.EXTERNAL ? settings.replicationSlot() : null);
  }
}
