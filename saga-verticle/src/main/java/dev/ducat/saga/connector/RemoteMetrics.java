package dev.ducat.saga.connector;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/** What a connector, or another service elsewhere, tells about itself. */
final class RemoteMetrics {
  /** What became of a call. */
  enum End {
    /** An outcome came. */
    ANSWERED,
    /** It was sent, and no outcome came. */
    UNANSWERED,
    /** The adapter says that the request is wrong. */
    REJECTED,
    /** No connection came about; nothing was sent. */
    NOT_CONNECTED
  }

  /** Why nothing was even tried. */
  enum Refusal {
    BREAKER,
    LIMIT,
    DEADLINE,
    PROMISES
  }

  private final MeterRegistry meters;
  private final String prefix;
  private final String kind;
  private final String name;

  /**
   * @param kind of the service: the second word of its metrics, and the tag that has its name
   */
  RemoteMetrics(
      MeterRegistry meters,
      String kind,
      String name,
      CircuitBreaker breaker,
      AtomicInteger inFlight) {
    this.meters = meters;
    this.prefix = "ducat." + kind;
    this.kind = kind;
    this.name = name;
    Gauge.builder(prefix + ".calls.in.flight", inFlight, AtomicInteger::get)
        .tag(kind, name)
        .register(meters);
    Gauge.builder(prefix + ".breaker.state", breaker, RemoteMetrics::number)
        .description("0 closed, 1 trying again, 2 open")
        .tag(kind, name)
        .register(meters);
  }

  void ended(String method, End end, Duration took) {
    Timer.builder(prefix + ".calls")
        .tag(kind, name)
        .tag("method", method)
        .tag("end", lower(end))
        .register(meters)
        .record(took);
  }

  void refused(Refusal why) {
    meters.counter(prefix + ".refused", kind, name, "reason", lower(why)).increment();
  }

  private static double number(CircuitBreaker breaker) {
    return switch (breaker.getState()) {
      case CLOSED, DISABLED, METRICS_ONLY -> 0;
      case HALF_OPEN -> 1;
      case OPEN, FORCED_OPEN -> 2;
    };
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
