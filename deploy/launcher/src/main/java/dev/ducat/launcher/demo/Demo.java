package dev.ducat.launcher.demo;

import dev.ducat.launcher.check.BalanceSamples;
import dev.ducat.launcher.check.ClientHistory;
import dev.ducat.launcher.check.Drain;
import dev.ducat.launcher.check.InvariantCheck;
import dev.ducat.launcher.cli.Table;
import dev.ducat.launcher.client.Addresses;
import dev.ducat.launcher.config.NodeConfig;
import dev.ducat.launcher.config.Setting;
import dev.ducat.launcher.config.Settings;
import dev.ducat.launcher.node.DucatNode;
import dev.ducat.launcher.node.Foundation;
import dev.ducat.launcher.node.Logging;
import dev.ducat.launcher.node.ReadyInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * Two nodes, several clients, one kill: everything that this platform promises, in half a minute,
 * with an audit at the end. Every run is on data of its own.
 */
public final class Demo {
  /**
   * What both nodes read. An outcome that stays unknown is a person's business after seconds, not
   * after a day: nobody watches a demo that long.
   */
  private static final String CONFIG =
      """
      fee: 150bp+10
      connectors: {simulator: {deadline: 2s, unknown-max: 3s}}
      """;

  private static final Duration START_MAX = Duration.ofSeconds(90);
  private static final Duration TAKE_OVER_MAX = Duration.ofSeconds(30);

  /** S1 gives sagas 60 s to come to rest after the last fault. */
  private static final Duration REST_MAX = Duration.ofSeconds(60);

  private static final Duration POLL = Duration.ofMillis(20);

  private final DemoOptions options;
  private final Screen screen;
  private final Path data;
  private final ClientHistory history = new ClientHistory();
  private final Tally tally = new Tally();

  public Demo(DemoOptions options, Screen screen) {
    this.options = options;
    this.screen = screen;
    this.data = options.folder().resolve("data");
  }

  /**
   * Runs it.
   *
   * @return whether every invariant holds
   */
  public boolean run() throws IOException, InterruptedException {
    Logging.toFile(options.folder().resolve("node-1.log"));
    screen.title();
    Path file = Files.writeString(options.folder().resolve("ducat.yaml"), CONFIG);
    NodeConfig config = config(file);
    try (Foundation foundation =
            screen.timed(
                "services",
                "PostgreSQL, Redis, Kafka: processes of their own",
                () -> Foundation.lay(config, false, true));
        DucatNode node =
            screen.timed(
                "node-1",
                "in this process",
                () -> {
                  DucatNode started = DucatNode.start(config, foundation);
                  started.awaitReady(START_MAX);
                  return started;
                });
        ChildNode second = ChildNode.start(options.folder(), file, data, "node-2")) {
      ReadyInfo other =
          screen.timed(
              "node-2",
              "process " + second.pid() + ", takes half of the work over",
              () -> second.awaitReady(START_MAX));
      return payKillAndAudit(foundation, node, second, other, config.simulatorJournal());
    }
  }

  private boolean payKillAndAudit(
      Foundation foundation, DucatNode node, ChildNode second, ReadyInfo other, Path journal)
      throws InterruptedException {
    LoadPlan plan = LoadPlan.make(options.payments(), options.seed());
    List<io.vertx.core.net.SocketAddress> nodes =
        List.of(Addresses.parse(node.info().grpc()), Addresses.parse(other.grpc()));
    TakeOver takeOver;
    try (BalanceSamples samples = BalanceSamples.start(foundation.services().postgres());
        Hand hand =
            new Hand(nodes.getFirst(), Addresses.parse(node.info().operations()), history)) {
      Doubts doubts = new Doubts(hand, journal);
      try (Screen.Progress progress = screen.progress(plan.orders().size())) {
        CompletableFuture<Void> load =
            CompletableFuture.runAsync(
                () -> new Load(plan.orders(), nodes, history, tally).run(options.clients()),
                Demo::onItsOwnThread);
        takeOver = killHalfWay(plan, load, progress, node, second);
        load.join();
        progress.to(tally.resting());
      }
      new Load(plan.conflicts(), nodes.subList(0, 1), history, new Tally()).run(1);
      Table byHand = screen.timed("by hand", "every operation, once", new Tour(hand)::run);
      Table known =
          screen.timed("unknown", "what is known by now, and what a person decides", doubts::end);
      Drain drain = new Drain(foundation.services());
      screen.timed("rest", "sagas at rest, outbox drained", () -> drain.await(REST_MAX));
      InvariantCheck.Report report =
          new InvariantCheck(
                  foundation.services().postgres(), foundation.services().kafkaBootstrap(), journal)
              .run(history, samples);
      new DemoReport(screen, plan, tally, takeOver, history).print(byHand, known, report);
      screen.files(options.folder(), report.broken());
      return !report.broken();
    }
  }

  /** How the kill went. */
  record TakeOver(int atPayments, int units, Duration until) {}

  private TakeOver killHalfWay(
      LoadPlan plan,
      CompletableFuture<Void> load,
      Screen.Progress progress,
      DucatNode node,
      ChildNode second)
      throws InterruptedException {
    while (tally.resting() < plan.orders().size() / 2 && !load.isDone()) {
      progress.to(tally.resting());
      LockSupport.parkNanos(POLL.toNanos());
    }
    int units = node.unitsOfOthers();
    int at = tally.resting();
    second.kill();
    tally.killed();
    long killed = System.nanoTime();
    CompletableFuture<Duration> taken =
        CompletableFuture.supplyAsync(
            () -> {
              node.awaitReady(TAKE_OVER_MAX);
              return Duration.ofNanos(System.nanoTime() - killed);
            },
            Demo::onItsOwnThread);
    while (!taken.isDone() || !load.isDone()) {
      progress.to(tally.resting());
      LockSupport.parkNanos(POLL.toNanos());
    }
    return new TakeOver(at, units, taken.join());
  }

  /** The common pool has a single thread on a small machine: one would wait for the other. */
  private static void onItsOwnThread(Runnable work) {
    Thread.ofPlatform().daemon().name("demo").start(work);
  }

  private NodeConfig config(Path file) {
    return NodeConfig.from(
        Settings.read(
            file,
            Map.of(),
            Map.of(
                Setting.DATA, data.toString(),
                Setting.NODE_ID, "node-1",
                Setting.CLUSTER, "true",
                Setting.GRPC_PORT, "0",
                Setting.OPERATIONS_PORT, "0",
                Setting.HTTP_PORT, "0")));
  }
}
