package dev.ducat.launcher.psp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ducat.launcher.cli.Ducat;
import dev.ducat.launcher.testing.TestHouse;
import dev.ducat.saga.connector.SimulatorJournal;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Payments through PSPs in other processes: the simulator as a server, and the example in Node. */
final class RemoteConnectorsTest {
  private static final Path PROJECT = Path.of("..", "..").toAbsolutePath().normalize();
  private static final Path EXAMPLE = PROJECT.resolve("deploy/examples/node-adapter");
  private static final Path HOME = Path.of("target", "node-adapter").toAbsolutePath();

  @TempDir private static Path folder = Path.of("unset");

  private static @Nullable SimulatorServer simulator;
  private static @Nullable Process adapter;
  private static @Nullable TestHouse house;
  private static String example = "127.0.0.1:1";

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    SimulatorServer psp = SimulatorServer.start("127.0.0.1", 0, journal(), null);
    simulator = psp;
    if (nodeIsThere()) {
      example = startExample();
    }
    house =
        TestHouse.start(
            folder.resolve("data"),
            "0bp+0",
            Map.of(
                "DUCAT_CONNECTORS_SIMULATOR_ADDRESS",
                "127.0.0.1:" + psp.port(),
                "DUCAT_CONNECTORS_SIMULATOR_DEADLINE",
                "500ms",
                "DUCAT_CONNECTORS_SIMULATOR_QUARANTINE",
                "1s",
                "DUCAT_CONNECTORS_EXAMPLE_ADDRESS",
                example));
  }

  @AfterAll
  static void stop() {
    if (house != null) {
      house.close();
    }
    if (simulator != null) {
      simulator.close();
    }
    if (adapter != null) {
      adapter.destroyForcibly();
    }
  }

  @Test
  void paymentsRunThroughTheSimulatorElsewhere() {
    assertThat(pay("r1", "sim_ok", "simulator")).contains("SETTLED");
    assertThat(pay("r2", "sim_decline_authorize", "simulator")).contains("FAILED");
    assertThat(pay("r3", "sim_timeout_capture", "simulator")).contains("SETTLED");
    assertThat(pay("r4", "sim_error_2", "simulator")).contains("SETTLED");
    assertThat(pay("r5", "sim_wrong_amount", "simulator")).contains("NEEDS_ATTENTION");
    await().until(() -> pay("r6", "sim_action_50", "simulator").contains("SETTLED"));

    assertThat(SimulatorJournal.read(journal()).effectsByOperation().values())
        .hasSizeGreaterThan(8)
        .containsOnly(1);
    assertThat(folder.resolve("data").resolve("simulator")).doesNotExist();
  }

  @Test
  void theExampleInNodeKeepsEveryPromiseAndTakesPayments() {
    assumeTrue(adapter != null, "Node 20 or newer is not installed");
    StringWriter report = new StringWriter();

    assertThat(
            run(
                report,
                "conformance",
                example,
                "--method",
                "tok_ok",
                "--declined-method",
                "tok_declined"))
        .as(report.toString())
        .isZero();
    assertThat(report.toString()).contains("0 failed, 0 skipped");
    assertThat(pay("n1", "tok_ok", "example")).contains("SETTLED");
    assertThat(pay("n2", "tok_declined", "example")).contains("FAILED");
  }

  private static Path journal() {
    return folder.resolve("psp").resolve("journal.tsv");
  }

  private static String pay(String key, String method, String connector) {
    StringWriter out = new StringWriter();
    run(
        out,
        "pay",
        "--data",
        folder.resolve("data").toString(),
        "--amount",
        "12.50",
        "--currency",
        "EUR",
        "--merchant",
        "acme",
        "--method",
        method,
        "--connector",
        connector,
        "--key",
        key);
    return out.toString();
  }

  private static int run(StringWriter out, String... words) {
    CommandLine commandLine = Ducat.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(out, true));
    return commandLine.execute(words);
  }

  private static boolean nodeIsThere() throws InterruptedException {
    boolean there;
    try {
      there = new ProcessBuilder("node", "--version").start().waitFor() == 0;
    } catch (IOException notInstalled) {
      there = false;
    }
    assertThat(there || System.getenv("CI") == null).as("CI needs Node").isTrue();
    return there;
  }

  /** Copied, so that the source tree stays clean. */
  private static String startExample() throws IOException, InterruptedException {
    Files.createDirectories(HOME);
    for (String file : List.of("adapter.js", "package.json", "package-lock.json")) {
      Files.copy(EXAMPLE.resolve(file), HOME.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    Process npm =
        new ProcessBuilder(
                "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
            .directory(HOME.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("npm.log").toFile())
            .start();
    assertThat(npm.waitFor(3, TimeUnit.MINUTES) && npm.exitValue() == 0).as("npm ci").isTrue();
    Process node =
        new ProcessBuilder(
                "node",
                "adapter.js",
                "--proto",
                PROJECT.resolve("proto/src/main/proto").toString(),
                "--port",
                "0",
                "--journal",
                folder.resolve("operations.jsonl").toString())
            .directory(HOME.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    adapter = node;
    String first = node.inputReader().readLine();
    assertThat(first).startsWith("listening on ");
    return first.substring("listening on ".length());
  }
}
