package dev.ducat.torture.machine;

import dev.ducat.launcher.check.BalanceSamples;
import dev.ducat.launcher.check.ClientHistory;
import dev.ducat.launcher.check.Drain;
import dev.ducat.launcher.check.Finding;
import dev.ducat.launcher.check.InvariantCheck;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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

  @Option(names = "--seed", description = "Of the plan and of the faults' schedule. Default: 1.")
  private long seed = 1;

  @Option(names = "--minutes", description = "How long the load goes on. Default: 1.")
  private double minutes = 1;

  @Option(names = "--faults", split = ",", description = "Names, or all. Default: none.")
  private List<String> faults = List.of();

  @Option(names = "--rate", description = "Payments per second at most. Default: 20.")
  private int rate = 20;

  @Option(names = "--clients", description = "1 to 26. Default: 8.")
  private int clients = 8;

  @Option(names = "--results", description = "Add a line of JSON to this file.")
  private @Nullable Path results;

  @Option(names = "--data", description = "Folder for data, emptied before.")
  private Path data = Path.of(System.getProperty("ducat.home", "."), ".ducat", "torture");

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new TortureCommand()).setExitCodeExceptionMapper(e -> 2).execute(args));
  }

  private record Struck(String fault, double at, double healed) {}

  @Override
  public Integer call() throws Exception {
    List<String> names = names();
    if (clients < 1 || clients > 26 || rate < 1 || rate > 1_000) {
      throw new IllegalArgumentException("1 to 26 clients, 1 to 1000 payments per second");
    }
    Files.createDirectories(data);
    // Not a service's, so it outlives their data: what an earlier run did would look unasked for.
    Files.deleteIfExists(data.resolve("simulator").resolve("journal.tsv"));
    ClientHistory history = new ClientHistory();
    try (Cluster cluster = Cluster.start(data.toAbsolutePath(), NODES);
        BalanceSamples samples = BalanceSamples.start(cluster.endpoints().postgres())) {
      Timeline timeline = new Timeline();
      try (Client first = new Client("teller", 0, cluster, history, new Timeline())) {
        Wallet.fill(first);
      }
      List<Struck> struck = run(cluster, history, timeline, names);
      boolean rested = new Drain(cluster.endpoints()).await(REST_MAX);
      InvariantCheck.Report report =
          new InvariantCheck(
                  cluster.endpoints().postgres(),
                  cluster.endpoints().kafkaBootstrap(),
                  cluster.journal())
              .run(history, samples);
      return tell(timeline, struck, report, rested);
    }
  }

  private List<String> names() {
    List<String> names = faults.equals(List.of("all")) ? List.copyOf(Fault.all().keySet()) : faults;
    for (String name : names) {
      if (!Fault.all().containsKey(name)) {
        throw new IllegalArgumentException(
            "no fault " + name + "; there are " + Fault.all().keySet());
      }
    }
    return names;
  }

  private List<Struck> run(
      Cluster cluster, ClientHistory history, Timeline timeline, List<String> names)
      throws Exception {
    long end = System.nanoTime() + (long) (minutes * 60e9);
    List<Future<?>> working = new ArrayList<>();
    List<Struck> struck = new ArrayList<>();
    Random dice = new Random(seed);
    try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
      for (int number = 0; number < clients; number++) {
        int one = number;
        working.add(threads.submit(() -> work(one, end, cluster, history, timeline)));
      }
      for (int turn = 0; System.nanoTime() - end < 0; turn++) {
        Pause.until(
            Math.min(end, System.nanoTime() + 10_000_000_000L + dice.nextInt(3_000) * 1_000_000L));
        System.err.printf(
            "torture: %3.0f s, %d payments, %d calls/s%n",
            timeline.now(), timeline.payments.get(), timeline.goodput((long) timeline.now() - 1));
        // The last ten seconds are for the recovery to be seen.
        if (!names.isEmpty() && end - System.nanoTime() > 10_000_000_000L) {
          String name = names.get(turn % names.size());
          double at = timeline.now();
          Fault fault = Objects.requireNonNull(Fault.all().get(name));
          fault.strike(cluster, dice);
          struck.add(new Struck(name, at, timeline.now()));
          System.err.printf("torture: %s at %.1f s, healed at %.1f s%n", name, at, timeline.now());
        }
      }
    }
    for (Future<?> each : working) {
      each.get();
    }
    return struck;
  }

  private void work(
      int number, long end, Cluster cluster, ClientHistory history, Timeline timeline) {
    long interval = 1_000_000_000L * clients / rate;
    try (Client client = new Client("client-" + number, number, cluster, history, timeline)) {
      MixedPlan plan = new MixedPlan(seed, number, client);
      for (long next = System.nanoTime(); next - end < 0; ) {
        plan.live();
        timeline.payments.incrementAndGet();
        next = Math.max(next + interval, System.nanoTime());
        Pause.until(next);
      }
    }
  }

  private int tell(
      Timeline timeline, List<Struck> struck, InvariantCheck.Report report, boolean rested)
      throws Exception {
    JsonArray violations = new JsonArray();
    for (Finding finding : report.findings()) {
      finding.violations().forEach(one -> violations.add(finding.id() + " " + one));
    }
    if (!rested) {
      violations.add("S1 not at rest, or not published, 60 s after the end");
    }
    JsonArray hits = new JsonArray();
    for (Struck one : struck) {
      hits.add(
          new JsonObject()
              .put("fault", one.fault())
              .put("at", one.at())
              .put("healed", one.healed())
              .put("recovery_s", timeline.recovery(one.at())));
    }
    Map<String, Object> calls = new TreeMap<>();
    timeline.outcomes().forEach((name, count) -> calls.put(name, count.sum()));
    JsonObject line =
        new JsonObject()
            .put("seed", seed)
            .put("version", version())
            .put("minutes", minutes)
            .put("payments", timeline.payments.get())
            .put("calls", new JsonObject(calls))
            .put("faults", hits)
            .put("violations", violations);
    System.out.println(line.encodePrettily());
    if (results != null) {
      Files.writeString(
          results, line.encode() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
    violations.forEach(one -> System.err.println("torture: seed " + seed + ": " + one));
    return violations.isEmpty() ? 0 : 1;
  }

  private static String version() throws Exception {
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
