package dev.ducat.torture.machine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/** Which fault comes when: each of those asked for once, in a drawn order, and again. */
final class Schedule {
  /** The end of a run is for the recovery from its last fault to be seen. */
  private static final double QUIET_END = 20;

  private static final double GAP_MIN = 8;
  private static final int GAP_SPREAD_MS = 6_000;

  private final List<String> names;
  private final Random dice;
  private final List<String> next = new ArrayList<>();

  Schedule(List<String> names, long seed) {
    this.names = List.copyOf(names);
    this.dice = new Random(seed);
  }

  /** Strikes and heals until a run is nearly over; returns when the run is over. */
  List<Struck> run(Cluster cluster, Timeline timeline, double end) throws Exception {
    List<Struck> struck = new ArrayList<>();
    while (timeline.now() < end) {
      double gap = GAP_MIN + dice.nextInt(GAP_SPREAD_MS) / 1_000.0;
      Pause.of(Duration.ofMillis((long) (1_000 * Math.min(gap, end - timeline.now()))));
      System.err.printf("torture: %4.0f s, %d payments%n", timeline.now(), timeline.begun().size());
      if (!names.isEmpty() && end - timeline.now() > QUIET_END) {
        String name = draw();
        double at = timeline.now();
        Objects.requireNonNull(Fault.all().get(name)).strike(cluster, dice);
        struck.add(new Struck(name, at, timeline.now()));
        System.err.printf("torture: %s at %.1f s, healed at %.1f s%n", name, at, timeline.now());
      }
    }
    return struck;
  }

  private String draw() {
    if (next.isEmpty()) {
      next.addAll(names);
      Collections.shuffle(next, dice);
    }
    return next.removeFirst();
  }
}
