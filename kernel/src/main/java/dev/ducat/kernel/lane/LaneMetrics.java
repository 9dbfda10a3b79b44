package dev.ducat.kernel.lane;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.function.Supplier;

/** What a lane tells about itself. */
final class LaneMetrics {
  private final DistributionSummary batch;
  private final Timer commit;
  private final Counter fenced;
  private final Counter inDoubt;
  private final Counter defects;

  LaneMetrics(MeterRegistry meters, String lane, Supplier<Number> queue) {
    Gauge.builder("ducat.lane.queue", queue).tag("lane", lane).register(meters);
    batch = DistributionSummary.builder("ducat.lane.batch").tag("lane", lane).register(meters);
    commit = Timer.builder("ducat.lane.commit").tag("lane", lane).register(meters);
    fenced = meters.counter("ducat.lane.fenced", "lane", lane);
    inDoubt = meters.counter("ducat.lane.in_doubt", "lane", lane);
    defects = meters.counter("ducat.lane.defects", "lane", lane);
  }

  void committed(int messages, long nanos) {
    batch.record(messages);
    commit.record(Duration.ofNanos(nanos));
  }

  void fenced() {
    fenced.increment();
  }

  void inDoubt() {
    inDoubt.increment();
  }

  void defect() {
    defects.increment();
  }
}
