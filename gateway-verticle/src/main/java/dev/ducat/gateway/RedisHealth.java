package dev.ducat.gateway;

import dev.ducat.kernel.time.Clock;
import io.lettuce.core.RedisCommandExecutionException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether Redis is worth asking, by what came of asking it so far, and what the log hears of it: at
 * most a line in {@link #SILENCE}, because Redis may come and go many times a second.
 */
final class RedisHealth {
  private static final Logger LOG = LoggerFactory.getLogger(RedisHealth.class);

  /**
   * So many more failures than answers, and it is left out: in a row, or now and then too often.
   */
  private static final int FAILURES_MAX = 5;

  private static final Duration SILENCE = Duration.ofMinutes(1);

  private final Clock clock;
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicLong quietUntil;
  private volatile boolean usable;

  RedisHealth(Clock clock) {
    this.clock = clock;
    this.quietUntil = new AtomicLong(clock.monotonicNanos());
  }

  boolean isUsable() {
    return usable;
  }

  void answered() {
    failures.updateAndGet(some -> Math.max(0, some - 1));
  }

  /** It can be asked, as of now. */
  void begin() {
    failures.set(0);
    usable = true;
  }

  /** It is not asked any more. */
  void end() {
    usable = false;
  }

  /** Whether this failure was one too many: from now on it is left out. */
  boolean isTooMuch(Throwable failure) {
    return !isAboutTheKey(failure)
        && failures.incrementAndGet() >= FAILURES_MAX
        && leaveOut(failure);
  }

  private synchronized boolean leaveOut(Throwable failure) {
    boolean was = usable;
    usable = false;
    if (was) {
      warn(failure);
    }
    return was;
  }

  /** Somebody else keeps something else under this name: Redis itself is well. */
  private static boolean isAboutTheKey(Throwable failure) {
    String message = failure.getMessage();
    return failure instanceof RedisCommandExecutionException
        && message != null
        && message.contains("WRONGTYPE");
  }

  /** Tells the log, unless it was told a moment ago. */
  void warn(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    long now = clock.monotonicNanos();
    long until = quietUntil.get();
    if (now - until >= 0 && quietUntil.compareAndSet(until, now + SILENCE.toNanos())) {
      LOG.warn("Redis is no help, keys are checked by the shards alone: {}", cause.toString());
    } else {
      LOG.debug("Redis is no help: {}", cause.toString());
    }
  }
}
