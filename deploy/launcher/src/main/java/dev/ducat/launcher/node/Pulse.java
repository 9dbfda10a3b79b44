package dev.ducat.launcher.node;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Beats on every event loop. A loop that has not beaten for a while is blocked, and with it
 * everything that lives there; how late a beat comes is the delay that every message on it has.
 */
final class Pulse {
  private static final long BEAT_MS = 500;

  /** One event loop. The last beat is written by it alone. */
  private static final class Beat implements Runnable {
    private final EventExecutor loop;
    private volatile long lastNanos = System.nanoTime();
    private volatile long delayNanos;

    Beat(EventExecutor loop) {
      this.loop = loop;
    }

    @Override
    public void run() {
      long now = System.nanoTime();
      delayNanos = Math.max(0, now - lastNanos - TimeUnit.MILLISECONDS.toNanos(BEAT_MS));
      lastNanos = now;
      // Re-armed after the work, so that a blocked loop does not find a pile of beats.
      if (!loop.isShuttingDown()) {
        var unused = loop.schedule(this, BEAT_MS, TimeUnit.MILLISECONDS);
      }
    }

    long silentNanos() {
      return System.nanoTime() - lastNanos;
    }
  }

  private final List<Beat> beats = new ArrayList<>();

  private Pulse() {}

  /** Starts beating, until Vert.x is closed. */
  static Pulse start(Vertx vertx, MeterRegistry meters) {
    Pulse pulse = new Pulse();
    for (EventExecutor loop : ((VertxInternal) vertx).nettyEventLoopGroup()) {
      Beat beat = new Beat(loop);
      pulse.beats.add(beat);
      loop.execute(beat);
    }
    Gauge.builder("ducat.event.loop.delay", pulse, Pulse::worstDelaySeconds)
        .baseUnit("seconds")
        .description("How late the last beat of the slowest event loop was")
        .register(meters);
    return pulse;
  }

  /** Whether every event loop ran a task within this time. */
  boolean beatWithin(Duration limit) {
    return beats.stream().allMatch(beat -> beat.silentNanos() <= limit.toNanos());
  }

  private double worstDelaySeconds() {
    return beats.stream().mapToLong(beat -> beat.delayNanos).max().orElse(0) / 1e9;
  }
}
