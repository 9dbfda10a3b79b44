package dev.ducat.torture.machine;

import dev.ducat.launcher.check.BalanceSamples;
import dev.ducat.launcher.check.ClientHistory;
import dev.ducat.launcher.check.Drain;
import dev.ducat.launcher.check.InvariantCheck;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line of the breaking machine. */
@Command(
    name = "ducat torture",
    description = "Drive a mixed load over two nodes, hurt them, and check every invariant.",
    footer = "Exits with 0 when every invariant holds, 1 on a violation, 2 on errors.",
    mixinStandardHelpOptions = true)
public final class TortureCommand implements Callable<Integer> {
  private static final int NODES = 2;

  /** S1: 60 s after the faults end, every saga is at rest. */
  private static final Duration REST_MAX = Duration.ofSeconds(60);

  @Option(
      names = "--seed",
      description =
          "Of the plan and of the faults' schedule: 7, or several, 1-12. Default: 1."
              + " Of several, those that --results holds already are left out.")
  private String seeds = "1";

  @Option(names = "--minutes", description = "How long the load goes on. Default: 1.")
  private double minutes = 1;

  @Option(names = "--faults", split = ",", description = "Names, all, or none. Default: none.")
  private List<String> faults = List.of();

  @Option(names = "--rate", description = "Payments per second at most. Default: 20.")
  private int rate = 20;

  @Option(names = "--clients", description = "1 to 26. Default: 8.")
  private int clients = 8;

  @Option(names = "--results", description = "Add a line of JSON per run to this file.")
  private @Nullable Path results;

  @Option(names = "--report", description = "Draw the (last) run's timeline into this PNG file.")
  private @Nullable Path report;

  @Option(names = "--tables", description = "Run nothing: print what --results holds as tables.")
  private boolean tables;

  @Option(names = "--data", description = "Folder for data, emptied before.")
  private Path data = Path.of(System.getProperty("ducat.home", "."), ".ducat", "torture");

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new TortureCommand()).setExitCodeExceptionMapper(e -> 2).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Results file = results == null ? null : new Results(results);
    if (tables) {
      if (file == null) {
        throw new IllegalArgumentException("--tables needs --results");
      }
      System.out.print(file.tables());
      return 0;
    }
    if (clients < 1 || clients > 26 || rate < 1 || rate > 1_000) {
      throw new IllegalArgumentException("1 to 26 clients, 1 to 1000 payments per second");
    }
    long[] asked = seeds();
    List<String> names = names();
    int exit = 0;
    for (long seed : asked) {
      Run.Settings settings = new Run.Settings(seed, minutes, names, rate, clients);
      if (file != null && asked.length > 1 && file.has(settings)) {
        System.err.println("torture: seed " + seed + " is done already");
        continue;
      }
      String version = version();
      exit = Math.max(exit, tell(run(settings), version, file));
    }
    return exit;
  }

  private long[] seeds() {
    String[] ends = seeds.split("-", 2);
    long first = Long.parseLong(ends[0]);
    return LongStream.rangeClosed(first, ends.length == 1 ? first : Long.parseLong(ends[1]))
        .toArray();
  }

  private List<String> names() {
    if (faults.equals(List.of("none"))) {
      return List.of();
    }
    List<String> names = faults.equals(List.of("all")) ? List.copyOf(Fault.all().keySet()) : faults;
    for (String name : names) {
      if (!Fault.all().containsKey(name)) {
        throw new IllegalArgumentException(
            "no fault " + name + "; there are " + Fault.all().keySet());
      }
    }
    return names;
  }

  private Run run(Run.Settings settings) throws Exception {
    Files.createDirectories(data);
    // Not a service's, so it outlives their data: what an earlier run did would look unasked for.
    Files.deleteIfExists(data.resolve("simulator").resolve("journal.tsv"));
    try (Cluster cluster = Cluster.start(data.toAbsolutePath(), NODES);
        BalanceSamples samples = BalanceSamples.start(cluster.endpoints().postgres())) {
      Witness opening = Witness.fresh();
      try (Client teller = new Client("teller", 0, cluster, opening)) {
        new Wallets(new Random(settings.seed()), teller).open();
      }
      Witness witness = new Witness(opening.history(), new Timeline(), opening.breaches());
      List<Struck> struck = load(settings, cluster, witness);
      boolean rested = new Drain(cluster.endpoints()).await(REST_MAX);
      InvariantCheck.Report found =
          new InvariantCheck(
                  cluster.endpoints().postgres(),
                  cluster.endpoints().kafkaBootstrap(),
                  cluster.journal())
              .run(witness.history(), samples);
      return new Run(settings, witness, struck, rested, found, Census.take(cluster));
    }
  }

  private static List<Struck> load(Run.Settings settings, Cluster cluster, Witness witness)
      throws Exception {
    double end = settings.minutes() * 60;
    List<Future<?>> working = new ArrayList<>();
    List<Struck> struck;
    try (ExecutorService threads = Executors.newFixedThreadPool(settings.clients())) {
      for (int number = 0; number < settings.clients(); number++) {
        int one = number;
        working.add(threads.submit(() -> work(settings, one, end, cluster, witness)));
      }
      struck =
          new Schedule(settings.faults(), settings.seed()).run(cluster, witness.timeline(), end);
    }
    for (Future<?> each : working) {
      each.get();
    }
    return struck;
  }

  private static void work(
      Run.Settings settings, int number, double end, Cluster cluster, Witness witness) {
    long interval = 1_000_000_000L * settings.clients() / settings.rate();
    try (Client client = new Client("client-" + number, number, cluster, witness)) {
      MixedPlan plan = new MixedPlan(settings.seed(), number, client);
      // Not all at once: the clients' beats are spread over the interval.
      long next = System.nanoTime() + interval * number / settings.clients();
      while (witness.timeline().now() < end) {
        Pause.until(next);
        witness.timeline().begins();
        plan.live();
        next = Math.max(next + interval, System.nanoTime());
      }
      client.askOpenAgain();
    } catch (RuntimeException stopped) {
      // The others go on, and what they did is checked all the same.
      witness.require(false, "A1", "client-" + number, "was stopped by " + stopped);
    }
  }

  private int tell(Run run, String version, @Nullable Results file) throws Exception {
    JsonObject line = run.json(version);
    System.out.println(line.encodePrettily());
    if (file != null) {
      file.add(line);
    }
    Run.Settings settings = run.settings();
    List<String> violations = run.violations();
    if (report != null) {
      TimelinePicture.write(
          report,
          String.format(
              Locale.ROOT,
              "ducat torture, seed %d, version %s: %,d payments, %d faults, %d violations",
              settings.seed(),
              version,
              run.witness().timeline().begun().size(),
              run.struck().size(),
              violations.size()),
          run.witness().timeline(),
          run.struck());
    }
    violations.forEach(
        one -> {
          System.err.println("torture: seed " + settings.seed() + ": " + one);
          told(run, one).forEach(call -> System.err.println("torture:   " + call));
        });
    return violations.isEmpty() ? 0 : 1;
  }

  /** What clients were told of the payment that a violation is about, each in its own order. */
  private static List<String> told(Run run, String violation) {
    return run.witness().history().calls().stream()
        .filter(call -> call.told() instanceof ClientHistory.Answered)
        .filter(call -> violation.contains(((ClientHistory.Answered) call.told()).paymentId()))
        .map(call -> call.client() + " " + call.told())
        .toList();
  }

  private static String version() throws IOException {
    Process git =
        new ProcessBuilder(
                "git",
                "-C",
                System.getProperty("ducat.home", "."),
                "describe",
                "--always",
                "--dirty")
            .redirectErrorStream(true)
            .start();
    return new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
  }
}
