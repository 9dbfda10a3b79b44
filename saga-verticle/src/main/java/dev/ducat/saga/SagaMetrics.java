package dev.ducat.saga;

import dev.ducat.proto.payments.v1.PaymentState;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;

/** What the sagas of one lane tell about themselves. */
final class SagaMetrics {
  private final Map<PaymentState, Counter> rested = new EnumMap<>(PaymentState.class);
  private final Map<Step, Timer> steps = new EnumMap<>(Step.class);
  private final Counter retries;
  private final Counter unknowns;
  private final Counter replays;

  SagaMetrics(
      MeterRegistry meters,
      String lane,
      Supplier<Number> unfinished,
      Supplier<Number> oldestSeconds) {
    for (PaymentState state : PaymentState.values()) {
      if (state != PaymentState.UNRECOGNIZED) {
        rested.put(
            state,
            meters.counter("ducat.payments", "lane", lane, "state", PaymentStore.stateText(state)));
      }
    }
    for (Step step : Step.values()) {
      steps.put(
          step,
          Timer.builder("ducat.saga.step")
              .tag("lane", lane)
              .tag("step", step.text())
              .register(meters));
    }
    retries = meters.counter("ducat.saga.retries", "lane", lane);
    unknowns = meters.counter("ducat.saga.unknowns", "lane", lane);
    replays = meters.counter("ducat.saga.replays", "lane", lane);
    Gauge.builder("ducat.saga.unfinished", unfinished).tag("lane", lane).register(meters);
    Gauge.builder("ducat.saga.oldest.seconds", oldestSeconds).tag("lane", lane).register(meters);
  }

  void acted(Step step, Duration took) {
    Timer timer = steps.get(step);
    if (timer != null) {
      timer.record(took);
    }
  }

  void decided(Decision decision) {
    for (Decision.Attempt attempt : decision.attempts()) {
      switch (attempt.signal()) {
        case RETRYABLE -> retries.increment();
        case UNKNOWN -> unknowns.increment();
        default -> {}
      }
    }
    // Whatever is found late changes nothing about a payment that was counted when it ended.
    if (decision.standing().resting() && decision.saga().claim().kind() != SagaKind.RECLAIM) {
      Counter counter = rested.get(decision.standing().payment().getState());
      if (counter != null) {
        counter.increment();
      }
    }
  }

  void replayed() {
    replays.increment();
  }
}
