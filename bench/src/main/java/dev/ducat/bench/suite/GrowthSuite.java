package dev.ducat.bench.suite;

import dev.ducat.bench.Bounds;
import dev.ducat.bench.ducat.DucatRuns;
import dev.ducat.bench.ducat.GrownDatabase;
import dev.ducat.bench.ducat.Installation;
import dev.ducat.bench.ducat.Sql;
import dev.ducat.bench.load.Pace;
import dev.ducat.bench.load.Workload;
import dev.ducat.bench.report.Figure;
import dev.ducat.bench.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** The rate with millions of payments stored, in turns with that of an empty installation. */
final class GrowthSuite {
  private static final int IN_FLIGHT = 1_024;
  private static final double LEAST = 0.9;

  /**
   * What a stored payment takes on disk while it is filled, with indexes and room to build them.
   */
  private static final long BYTES_PER_PAYMENT = 8_000;

  private final Path data;
  private final Lengths lengths;
  private final Report report;
  private final Screen screen;

  GrowthSuite(Path data, Lengths lengths, Report report, Screen screen) {
    this.data = data;
    this.lengths = lengths;
    this.report = report;
    this.screen = screen;
  }

  void run() throws IOException {
    requireRoom();
    screen.say("growth: starting two installations");
    try (Installation empty = Installation.start(data.resolve("empty"), true);
        Installation grown = Installation.start(data.resolve("grown"), true)) {
      fill(grown);
      Bench emptyBench =
          new Bench(empty, new DucatRuns(empty, screen::progress), lengths, report, screen);
      Bench grownBench =
          new Bench(grown, new DucatRuns(grown, screen::progress), lengths, report, screen);
      emptyBench.warmUp();
      grownBench.warmUp();
      DucatLoad onEmpty = load("Ducat, empty", emptyBench);
      DucatLoad onGrown = load("Ducat, grown", grownBench);
      Turns turns = Turns.take(screen, List.of(onGrown, onEmpty), lengths.run(), lengths.rounds());
      Figure.Yardstick other = turns.against(onEmpty, onGrown);
      report.add(
          new Figure(
                  "growth",
                  String.format(
                      Locale.ROOT, "payments/s with %,d payments stored", lengths.stored()),
                  "1/s",
                  turns.rates(onGrown),
                  other,
                  "",
                  Figure.Verdict.NO_TARGET)
              .asked("≥ 0.9 × empty", other.ratio().median() >= LEAST));
    }
  }

  private static DucatLoad load(String name, Bench bench) {
    return new DucatLoad(
        name, bench.runs(), Workload.PAYMENTS_SPREAD, new Pace.ClosedLoop(IN_FLIGHT));
  }

  private void requireRoom() throws IOException {
    Files.createDirectories(data);
    long free = Files.getFileStore(data).getUsableSpace();
    long wanted = lengths.stored() * BYTES_PER_PAYMENT;
    if (free < wanted) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%d payments want %.0f GB of disk, and %s has %.0f GB free",
              lengths.stored(),
              wanted / 1e9,
              data,
              free / 1e9));
    }
  }

  /** A few real payments, and then copies of them. */
  private void fill(Installation grown) {
    int templates = lengths.stored() / lengths.copies();
    screen.doing("making " + templates + " payments to copy");
    var unused =
        new DucatRuns(grown, screen::progress)
            .run(
                Workload.PAYMENTS_SPREAD,
                new Pace.ClosedLoop(IN_FLIGHT),
                new Bounds(Duration.ZERO, Duration.ofMinutes(10), templates));
    grown.withoutNode(
        () ->
            GrownDatabase.fill(
                grown,
                lengths.copies(),
                copy -> screen.doing("filling: copy " + copy + " of " + lengths.copies())));
    try (Sql sql = Sql.open(grown.postgres())) {
      screen.say(
          String.format(
              Locale.ROOT,
              "  %,d payments stored, %.1f GB",
              sql.number("select count(*) from payment.payment"),
              sql.number("select pg_database_size(current_database())") / 1e9));
    }
  }
}
