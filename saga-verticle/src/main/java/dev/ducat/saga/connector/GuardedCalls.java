package dev.ducat.saga.connector;

import com.google.protobuf.Message;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.time.Clock;
import dev.ducat.saga.connector.RemoteMetrics.End;
import dev.ducat.saga.connector.RemoteMetrics.Refusal;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.ServiceMethod;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls to a service elsewhere that keep it, and us, from drowning: so many at once, and none for a
 * while after most got no answer. A refused call fails with BUSY: nothing was sent.
 */
final class GuardedCalls {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedCalls.class);
  private static final int TRIALS = 3;

  /** Where it is, and how it is spared. */
  record Reach(String host, int port, int callsMax, RemoteSettings.Breaker breaker) {}

  private final String who;
  private final Clock clock;
  private final int callsMax;
  private final RemoteCalls calls;
  private final CircuitBreaker breaker;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final RemoteMetrics metrics;

  /**
   * @param kind what it is, for log and metrics: {@code connector}
   */
  GuardedCalls(
      String kind, String name, Reach reach, Vertx vertx, Clock clock, MeterRegistry meters) {
    this.who = kind + " " + name;
    this.clock = clock;
    this.callsMax = reach.callsMax();
    this.calls = new RemoteCalls(vertx, reach.host(), reach.port());
    this.breaker =
        CircuitBreaker.of(
            name,
            CircuitBreakerConfig.custom()
                .slidingWindowSize(reach.breaker().calls())
                .minimumNumberOfCalls(reach.breaker().calls())
                .failureRateThreshold(reach.breaker().failurePercent())
                .waitDurationInOpenState(reach.breaker().pause())
                .permittedNumberOfCallsInHalfOpenState(TRIALS)
                .build());
    this.breaker
        .getEventPublisher()
        .onStateTransition(event -> LOG.warn("{}: breaker {}", who, event.getStateTransition()));
    this.metrics = new RemoteMetrics(meters, kind, name, breaker, inFlight);
  }

  /**
   * Calls a method.
   *
   * @param check fails where the answer is none
   */
  <Q extends Message, A extends Message> Future<A> call(
      ServiceMethod<A, Q> method, Q request, Duration left, Function<A, Future<A>> check) {
    if (left.toMillis() < 1) {
      return refuse(Refusal.DEADLINE, "no time is left");
    }
    if (inFlight.incrementAndGet() > callsMax) {
      inFlight.decrementAndGet();
      return refuse(Refusal.LIMIT, callsMax + " calls are under way");
    }
    if (!breaker.tryAcquirePermission()) {
      inFlight.decrementAndGet();
      return refuse(Refusal.BREAKER, "left alone, most calls got no answer");
    }
    long start = clock.monotonicNanos();
    return calls
        .call(method, request, left)
        .compose(check)
        .onComplete(
            done -> {
              inFlight.decrementAndGet();
              Duration took = Duration.ofNanos(clock.monotonicNanos() - start);
              End end = done.succeeded() ? End.ANSWERED : endOf(done.cause());
              metrics.ended(method.methodName(), end, took);
              switch (end) {
                // A wrong request says nothing against the service: it answers.
                case ANSWERED, REJECTED -> breaker.onSuccess(took.toNanos(), TimeUnit.NANOSECONDS);
                case UNANSWERED, NOT_CONNECTED ->
                    breaker.onError(took.toNanos(), TimeUnit.NANOSECONDS, done.cause());
              }
            });
  }

  /** A call that is neither counted nor refused. */
  <Q extends Message, A extends Message> Future<A> unguarded(
      ServiceMethod<A, Q> method, Q request, Duration timeout) {
    return calls.call(method, request, timeout);
  }

  <A> Future<A> refuse(Refusal why, String message) {
    metrics.refused(why);
    return Future.failedFuture(new BusException(BusFailure.BUSY, who + ": " + message));
  }

  Future<Void> close() {
    return calls.close();
  }

  private static End endOf(Throwable failure) {
    return failure instanceof BusException known
        ? switch (known.failure()) {
          case NO_HANDLERS -> End.NOT_CONNECTED;
          case REJECTED -> End.REJECTED;
          default -> End.UNANSWERED;
        }
        : End.UNANSWERED;
  }
}
