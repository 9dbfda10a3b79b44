package dev.ducat.launcher.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.outbox.Topics;
import dev.ducat.launcher.events.EventReader;
import dev.ducat.launcher.testing.TestHouse;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A whole house whose topic of payments takes nothing for a while, as its operator sees it. */
final class RelayDeadTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Pattern REFUSED = Pattern.compile("(?m)^ *(evt_\\w+).* refused .*$");

  @TempDir private Path data = Path.of("unset");

  private record Result(int code, String out, String err) {}

  @Test
  void anOperatorSeesWhatKafkaRefusesAndHasItPublished() throws Exception {
    try (TestHouse house = TestHouse.start(data, "0bp+0")) {
      String kafka = house.foundation().services().kafkaBootstrap();
      assertThat(ducat("relay", "dead").out()).contains("no parked events");
      room(kafka, "200");
      assertThat(pay("k1").code()).isZero();
      await().atMost(LIMIT).until(() -> REFUSED.matcher(ducat("relay", "dead").out()).find());
      await()
          .atMost(LIMIT)
          .until(() -> ducat("relay", "status").out().contains("events are parked"));
      Result waits = ducat("relay", "redrive", "evt_00000000000000000000000000", "--reason", "r");
      assertThat(waits.code()).isEqualTo(1);
      assertThat(waits.err()).contains("EVENT_NOT_FOUND");

      room(kafka, "1000000");
      Matcher refused = REFUSED.matcher(ducat("relay", "dead").out());
      assertThat(refused.find()).isTrue();
      Result asked = ducat("relay", "redrive", refused.group(1), "--reason", "room again");
      assertThat(asked.err()).isEmpty();
      assertThat(asked.code()).isZero();
      await().atMost(LIMIT).until(() -> ducat("relay", "dead").out().contains("no parked events"));
      assertThat(versions(kafka)).containsExactly(1L, 2L, 3L, 4L, 5L);
    }
  }

  /** The versions of the one payment there is, as a consumer gets them. */
  private static List<Long> versions(String kafka) {
    List<Long> versions = new ArrayList<>();
    try (EventReader reader = EventReader.open(kafka, List.of(Topics.PAYMENTS), true)) {
      await()
          .atMost(LIMIT)
          .until(
              () -> {
                for (ConsumerRecord<String, byte[]> record : reader.poll(Duration.ofMillis(200))) {
                  versions.add(
                      Long.parseLong(
                          new String(
                              record.headers().lastHeader("version").value(),
                              StandardCharsets.UTF_8)));
                }
                return versions.size() >= 5;
              });
    }
    return versions;
  }

  private static void room(String kafka, String bytes) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka))) {
      ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, Topics.PAYMENTS);
      ConfigEntry entry = new ConfigEntry("max.message.bytes", bytes);
      AlterConfigOp set = new AlterConfigOp(entry, AlterConfigOp.OpType.SET);
      admin.incrementalAlterConfigs(Map.of(topic, List.of(set))).all().get();
    }
  }

  private Result pay(String key) {
    return ducat(
        "pay",
        "--amount",
        "1",
        "--currency",
        "EUR",
        "--method",
        "sim_ok",
        "--merchant",
        "acme",
        "--key",
        key);
  }

  private Result ducat(String... words) {
    List<String> all = new ArrayList<>(Arrays.asList(words));
    all.add("--data");
    all.add(data.toString());
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine =
        Ducat.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    int code = commandLine.execute(all.toArray(String[]::new));
    return new Result(code, out.toString(), err.toString());
  }
}
