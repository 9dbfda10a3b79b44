package dev.ducat.saga.connector;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/** What a remote connector tells about itself. */
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
  private final String connector;

  RemoteMetrics(
      MeterRegistry meters, String connector, CircuitBreaker breaker, AtomicInteger inFlight) {
    this.meters = meters;
    this.connector = connector;
    Gauge.builder("ducat.connector.calls.in.flight", inFlight, AtomicInteger::get)
        .tag("connector", connector)
        .register(meters);
    Gauge.builder("ducat.connector.breaker.state", breaker, RemoteMetrics::number)
        .description("0 closed, 1 trying again, 2 open")
        .tag("connector", connector)
        .register(meters);
  }

  void ended(String method, End end, Duration took) {
    Timer.builder("ducat.connector.calls")
        .tag("connector", connector)
        .tag("method", method)
        .tag("end", lower(end))
        .register(meters)
        .record(took);
  }

  void refused(Refusal why) {
    meters
        .counter("ducat.connector.refused", "connector", connector, "reason", lower(why))
        .increment();
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
