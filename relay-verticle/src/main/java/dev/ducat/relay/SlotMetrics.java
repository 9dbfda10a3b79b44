package dev.ducat.relay;

import dev.ducat.kernel.time.Clock;
import dev.ducat.relay.RelayStore.Lag;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What a slot tells about itself. Gauges exist only while this process has the slot. */
final class SlotMetrics {
  private final Clock clock;
  private final MeterRegistry meters;
  private final Counter records;
  private final DistributionSummary batch;
  private final Timer transaction;
  private final Counter failures;
  private final Counter refusals;
  private final List<Meter> gauges;
  private volatile long parked;
  private volatile Lag lag = new Lag(0, null);

  SlotMetrics(MeterRegistry meters, Clock clock, int slot, Supplier<SlotState> state) {
    this.meters = meters;
    this.clock = clock;
    String tag = Integer.toString(slot);
    records = meters.counter("ducat.relay.records", "slot", tag);
    batch = DistributionSummary.builder("ducat.relay.batch").tag("slot", tag).register(meters);
    transaction = Timer.builder("ducat.relay.transaction").tag("slot", tag).register(meters);
    failures = meters.counter("ducat.relay.failures", "slot", tag);
    refusals = meters.counter("ducat.relay.refusals", "slot", tag);
    gauges =
        List.of(
            gauge("ducat.relay.parked", tag, () -> parked),
            gauge("ducat.relay.lag.events", tag, () -> lag.events()),
            gauge("ducat.relay.lag.seconds", tag, this::lagSeconds),
            gauge("ducat.relay.stopped", tag, () -> state.get() == SlotState.STOPPED ? 1 : 0),
            gauge("ducat.relay.relaying", tag, () -> state.get() == SlotState.RELAYING ? 1 : 0));
  }

  void published(int events, long nanos) {
    records.increment(events);
    batch.record(events);
    transaction.record(nanos, TimeUnit.NANOSECONDS);
  }

  void failed() {
    failures.increment();
  }

  void refused() {
    refusals.increment();
  }

  void parked(long open) {
    parked = open;
  }

  void lag(Lag measured) {
    lag = measured;
  }

  void close() {
    gauges.forEach(meters::remove);
  }

  private double lagSeconds() {
    Lag now = lag;
    return now.oldest() == null
        ? 0
        : Math.max(0, Duration.between(now.oldest(), clock.now()).toMillis() / 1_000.0);
  }

  private Meter gauge(String name, String slot, Supplier<Number> value) {
    return Gauge.builder(name, value).tag("slot", slot).register(meters);
  }
}
