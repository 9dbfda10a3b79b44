package dev.ducat.gateway;

import dev.ducat.embedded.RedisEndpoint;
import dev.ducat.kernel.testing.TestNode;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Between a client and the real Redis: every answer comes late, once the connection has been made.
 */
final class SlowProxy implements AutoCloseable {
  /** Greetings of a new connection, which a client waits for. */
  private static final int PROMPT_ANSWERS = 4;

  private final Vertx vertx;
  private final Duration delay;
  private final NetClient client;
  private final AtomicInteger connections = new AtomicInteger();
  private NetServer server;

  private SlowProxy(Vertx vertx, Duration delay) {
    this.vertx = vertx;
    this.delay = delay;
    this.client = vertx.createNetClient();
    this.server = vertx.createNetServer();
  }

  static SlowProxy to(Vertx vertx, RedisEndpoint redis, Duration delay) {
    SlowProxy proxy = new SlowProxy(vertx, delay);
    proxy.server =
        TestNode.await(
            proxy.server.connectHandler(near -> proxy.join(near, redis)).listen(0, "127.0.0.1"));
    return proxy;
  }

  private void join(NetSocket near, RedisEndpoint redis) {
    near.pause();
    client
        .connect(redis.port(), redis.host())
        .onSuccess(
            far -> {
              AtomicInteger answers = new AtomicInteger();
              connections.incrementAndGet();
              far.handler(
                  bytes -> {
                    if (answers.incrementAndGet() <= PROMPT_ANSWERS) {
                      near.write(bytes);
                    } else {
                      vertx.setTimer(delay.toMillis(), late -> near.write(bytes));
                    }
                  });
              near.handler(far::write);
              near.closeHandler(closed -> far.close());
              far.closeHandler(closed -> near.close());
              near.resume();
            })
        .onFailure(failure -> near.close());
  }

  String uri() {
    return "redis://127.0.0.1:" + server.actualPort();
  }

  int connections() {
    return connections.get();
  }

  @Override
  public void close() {
    TestNode.await(server.close());
    TestNode.await(client.close());
  }
}
