package dev.ducat.launcher.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What can be known about compose.yaml without an engine: that it says what Ducat understands. */
final class ComposeTest {
  private static final Path FILE = Path.of("..", "compose", "compose.yaml");

  private static Map<String, Object> compose() throws IOException {
    return map(new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(FILE)));
  }

  private static Map<String, Object> map(@Nullable Object value) {
    Map<String, Object> map = new TreeMap<>();
    ((Map<?, ?>) Objects.requireNonNull(value))
        .forEach((key, entry) -> map.put(String.valueOf(key), entry));
    return map;
  }

  private static Map<String, Object> service(String name) throws IOException {
    return map(map(compose().get("services")).get(name));
  }

  @Test
  void everyServiceHasAHealthCheckAndDucatWaitsForAllOthers() throws IOException {
    Map<String, Object> services = map(compose().get("services"));

    assertThat(services).containsOnlyKeys("postgres", "redis", "kafka", "ducat");
    for (String name : services.keySet()) {
      assertThat(map(service(name).get("healthcheck"))).as(name).containsKeys("test", "interval");
      assertThat(service(name)).as(name).containsKey("image");
    }
    Map<String, Object> awaited = map(service("ducat").get("depends_on"));
    assertThat(awaited).containsOnlyKeys("postgres", "redis", "kafka");
    assertThat(awaited.values())
        .allSatisfy(one -> assertThat(map(one)).containsEntry("condition", "service_healthy"));
  }

  @Test
  void ducatIsConfiguredWithSettingsThatExistAndAreValid() throws IOException {
    Map<String, String> environment = new TreeMap<>();
    map(service("ducat").get("environment"))
        .forEach((name, value) -> environment.put(name, String.valueOf(value)));

    assertThat(environment.keySet())
        .isSubsetOf(Arrays.stream(Setting.values()).map(Setting::variable).toList());
    NodeConfig config = NodeConfig.from(Settings.read(Path.of("/dev/null"), environment, Map.of()));
    assertThat(config.embedded()).isFalse();
    assertThat(config.listen().host()).isEqualTo("0.0.0.0");
  }

  @Test
  void nothingIsPublishedBeyondThisMachine() throws IOException {
    Map<String, Object> services = map(compose().get("services"));
    for (String name : services.keySet()) {
      List<?> ports = (List<?>) service(name).getOrDefault("ports", List.of());
      assertThat(ports)
          .as(name)
          .allSatisfy(port -> assertThat(String.valueOf(port)).startsWith("127.0.0.1:"));
    }
  }

  @Test
  void volumesThatAreUsedAreDeclared() throws IOException {
    assertThat(map(compose().get("volumes"))).containsOnlyKeys("postgres", "kafka", "ducat");
  }
}
