package dev.ducat.bench.ducat;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.load.Epoch;
import dev.ducat.bench.load.LoadPlan;
import dev.ducat.bench.load.LoadProcess;
import dev.ducat.bench.load.LoadResult;
import dev.ducat.bench.load.Pace;
import dev.ducat.bench.load.Progress;
import dev.ducat.bench.load.Workload;
import dev.ducat.kernel.time.Clock;
import dev.ducat.kernel.time.SystemClock;
import java.time.Duration;
import java.util.function.Consumer;

/** Runs loads against a node, each to its real end: all its events are in Kafka. */
public final class DucatRuns {
  private static final Duration DRAIN_MAX = Duration.ofMinutes(5);

  private final Installation ducat;
  private final Consumer<Progress> progress;
  private final Clock clock = new SystemClock();
  private long runs;

  /**
   * A run of the load, seen to its end.
   *
   * @param endToEnd from the end of the warm-up until every event was in Kafka
   */
  public record Outcome(LoadResult load, Duration endToEnd) {
    /** Good operations per second, everything they cause included. */
    public double perSecond() {
      return load.completed() * 1e9 / endToEnd.toNanos();
    }
  }

  public DucatRuns(Installation ducat, Consumer<Progress> progress) {
    this.ducat = ducat;
    this.progress = progress;
    // No two runs on a database begin in one millisecond.
    this.runs = clock.now().toEpochMilli();
  }

  /**
   * One run; returns when nothing it caused is under way any more, and all of it was found right.
   *
   * @throws WrongResult when it was not
   */
  public Outcome run(Workload workload, Pace pace, Bounds bounds) {
    return run(workload, pace, bounds, () -> {});
  }

  /**
   * The same, for who wants to look between the end of the work and its audit.
   *
   * @param ended runs when nothing is under way any more
   */
  public Outcome run(Workload workload, Pace pace, Bounds bounds, Runnable ended) {
    DucatProcess node = ducat.node();
    LoadPlan plan = LoadPlan.of(node.host(), node.grpcPort(), workload, pace, ++runs, bounds);
    try (Audit audit = Audit.begin(ducat);
        Publication publication = new Publication(ducat);
        LoadProcess process = LoadProcess.start(plan)) {
      LoadResult load =
          process.await(
              each -> {
                publication.poll();
                progress.accept(each);
              });
      publication.awaitEverything(DRAIN_MAX);
      long micros = Epoch.micros(clock.now()) - load.clockFromEpochMicros();
      ended.run();
      audit.check(workload, load);
      return new Outcome(load, Duration.ofNanos(micros * 1_000));
    }
  }
}
