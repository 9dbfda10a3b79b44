package dev.ducat.bench.yardstick;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.Run;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/**
 * A closed loop: every client repeats its work, one piece after the other, until the run is over.
 * What ends on the clock counts, whenever it began.
 */
public final class Clients {
  private static final long HIGHEST_MICROS = TimeUnit.MINUTES.toMicros(5);

  /** One client's work, called by one thread only. */
  @FunctionalInterface
  public interface Client {
    /**
     * Does one piece of work and waits for its end.
     *
     * @return the operations it was
     */
    int once();
  }

  private final Bounds bounds;
  private final AtomicLong completed = new AtomicLong();
  private final long start;
  private final long onClock;
  private volatile long end;

  private Clients(Bounds bounds) {
    this.bounds = bounds;
    this.start = System.nanoTime();
    this.onClock = start + bounds.warmUp().toNanos();
    this.end = onClock + bounds.measured().toNanos();
  }

  /** A histogram that takes any latency of a bounded run. */
  public static Histogram histogram() {
    Histogram histogram = new Histogram(HIGHEST_MICROS, 3);
    histogram.setAutoResize(true);
    return histogram;
  }

  /** Runs the clients on virtual threads, within the bounds; a client that fails, fails the run. */
  public static Run run(Bounds bounds, List<? extends Client> clients) {
    Clients all = new Clients(bounds);
    List<Histogram> histograms = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Histogram>> loops = new ArrayList<>();
      for (Client client : clients) {
        loops.add(threads.submit(() -> all.loop(client)));
      }
      for (Future<Histogram> loop : loops) {
        histograms.add(loop.get());
      }
    } catch (ExecutionException failed) {
      throw new IllegalStateException("a client failed", failed.getCause());
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", ending);
    }
    Histogram sum = histogram();
    histograms.forEach(sum::add);
    return new Run(all.completed.get(), Duration.ofNanos(all.end - all.onClock), sum);
  }

  private Histogram loop(Client client) {
    Histogram histogram = histogram();
    try {
      for (long began = System.nanoTime(); began < end; ) {
        int operations = client.once();
        long ended = System.nanoTime();
        if (ended >= onClock && ended <= end) {
          histogram.recordValueWithCount((ended - began) / 1_000, operations);
          count(operations, ended);
        }
        began = ended;
      }
    } catch (RuntimeException failed) {
      // The others need not go on: the run has failed.
      end = System.nanoTime();
      throw failed;
    }
    return histogram;
  }

  private void count(int operations, long ended) {
    if (completed.addAndGet(operations) >= bounds.countMax()) {
      synchronized (this) {
        end = Math.min(end, ended);
      }
    }
  }
}
