package dev.ducat.gateway;

import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.vertx.core.Context;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The connection to Redis, whose commands leave in one piece: a system call for each would cost as
 * much as the commands do. Whoever issues a command must flush, or it never leaves.
 */
final class RedisPipe {
  private final StatefulRedisConnection<String, String> connection;
  private final AtomicBoolean flushing = new AtomicBoolean();

  RedisPipe(StatefulRedisConnection<String, String> connection) {
    connection.setAutoFlushCommands(false);
    this.connection = connection;
  }

  RedisAsyncCommands<String, String> commands() {
    return connection.async();
  }

  /**
   * Sends what was asked since the last time, after the events that the event loop has in hand: the
   * calls of one read of a socket, and the answers of one commit, leave in one piece.
   */
  void flushSoon(Context context) {
    if (flushing.compareAndSet(false, true)) {
      context.runOnContext(
          now -> {
            // First, so that whoever comes too late for this flush asks for another.
            flushing.set(false);
            flush();
          });
    }
  }

  /** Sends what was asked since the last time. */
  void flush() {
    connection.flushCommands();
  }
}
