package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * A client in another language, with nothing of ours but the published .proto files, against the
 * whole house. Without Node it is skipped, in CI it fails.
 */
final class NodeClientTest {
  private static final int NODE_MAJOR_MIN = 20;
  private static final Duration INSTALL_MAX = Duration.ofMinutes(3);
  private static final Duration RUN_MAX = Duration.ofSeconds(60);
  private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
  private static final Path SCRIPTS = PROJECT.resolve("gateway-verticle/src/test/node");

  private record Answer(int exitCode, String output) {}

  @Test
  void aNodeClientCreatesReadsAndWatchesAPayment() throws IOException, InterruptedException {
    boolean there = nodeIsThere();
    assertThat(there || System.getenv("CI") == null).as("CI needs Node").isTrue();
    assumeTrue(there, "Node " + NODE_MAJOR_MIN + " or newer is not installed");
    Path home = install(Path.of("target", "node-client").toAbsolutePath());
    String tenant = "node-client";
    Answer answer =
        run(
            home,
            RUN_MAX,
            List.of(
                "node",
                "client.js",
                Installation.shared().steadyNode().grpcText(),
                "--proto",
                PROJECT.resolve("proto/src/main/proto").toString(),
                "--tenant",
                tenant));
    assertThat(answer.exitCode()).as(answer.output()).isZero();
    JsonObject saw = new JsonObject(answer.output());
    JsonObject payment = saw.getJsonObject("created");
    String id = payment.getString("payment_id");
    assertThat(payment.getString("state")).as("state of %s", id).isEqualTo("PAYMENT_STATE_SETTLED");
    assertThat(saw.getString("created_replayed")).isNull();
    assertThat(saw.getString("again_replayed")).isEqualTo("true");
    assertThat(List.of(saw.getValue("again"), saw.getValue("read"), saw.getValue("found")))
        .as("what was read of %s", id)
        .containsOnly(payment);
    assertThat(saw.getJsonArray("listed")).containsExactly(id);
    assertThat(versions(saw.getJsonArray("watched"))).as("snapshot of %s", id).containsExactly(5);
    assertThat(versions(saw.getJsonArray("resumed"))).as("%s", id).containsExactly(2, 3, 4, 5);
  }

  private static List<Integer> versions(JsonArray watched) {
    return watched.stream()
        .map(each -> ((JsonObject) each).getJsonObject("payment").getString("version"))
        .map(Integer::valueOf)
        .toList();
  }

  /** Copies the scripts, so that the source tree stays clean, and installs what they import. */
  private static Path install(Path home) throws IOException, InterruptedException {
    Files.createDirectories(home);
    try (var files = Files.list(SCRIPTS)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, home.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Answer npm =
        run(
            home,
            INSTALL_MAX,
            List.of(
                "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"));
    assertThat(npm.exitCode()).as("npm ci:\n%s", npm.output()).isZero();
    return home;
  }

  private static boolean nodeIsThere() throws InterruptedException {
    try {
      Matcher version =
          Pattern.compile("v(\\d+)\\..*", Pattern.DOTALL)
              .matcher(run(PROJECT, RUN_MAX, List.of("node", "--version")).output());
      return version.matches() && Integer.parseInt(version.group(1)) >= NODE_MAJOR_MIN;
    } catch (IOException notInstalled) {
      return false;
    }
  }

  private static Answer run(Path folder, Duration limit, List<String> command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("node-client-", ".log");
    try {
      Process process =
          new ProcessBuilder(new ArrayList<>(command))
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      process.getOutputStream().close();
      if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(
            "%s took longer than %s:%n%s".formatted(command, limit, Files.readString(output)));
      }
      return new Answer(process.exitValue(), Files.readString(output));
    } finally {
      Files.deleteIfExists(output);
    }
  }
}
