package dev.ducat.launcher.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * The text of every setting and where it came from: flags before variables before the file before
 * the defaults. What was wrong while reading is collected, not thrown.
 */
public final class Settings {
  /** Read when no file is named. */
  public static final Path FILE = Path.of("ducat.yaml");

  private static final String FILE_VARIABLE = "DUCAT_CONFIG";

  private record Given(String value, String source) {}

  private final Map<Setting, Given> given = new EnumMap<>(Setting.class);
  private final Map<String, Map<ConnectorSetting, Given>> connectors = new TreeMap<>();
  private final List<String> faults = new ArrayList<>();

  private Settings() {}

  /**
   * Reads all sources.
   *
   * @param file what {@code --config} names, or null
   * @param environment the process's variables
   * @param flags values of the command line, and the flag's name for each
   */
  public static Settings read(
      @Nullable Path file, Map<String, String> environment, Map<Setting, String> flags) {
    Settings settings = new Settings();
    String named = environment.get(FILE_VARIABLE);
    if (file != null) {
      settings.readFile(file);
    } else if (named != null) {
      settings.readFile(Path.of(named));
    } else if (Files.exists(FILE)) {
      settings.readFile(FILE);
    }
    settings.readEnvironment(environment);
    flags.forEach(
        (setting, value) -> settings.given.put(setting, new Given(value, "the command line")));
    return settings;
  }

  /** Only these values and the defaults: no file, no environment. */
  public static Settings only(Map<Setting, String> values) {
    Settings settings = new Settings();
    values.forEach((setting, value) -> settings.given.put(setting, new Given(value, "given")));
    return settings;
  }

  /** The value as text. */
  public String text(Setting setting) {
    Given value = given.get(setting);
    return value == null ? setting.standard() : value.value();
  }

  /** The setting and the origin of its value, for messages: {@code grpc.port (ducat.yaml)}. */
  public String named(Setting setting) {
    Given value = given.get(setting);
    return setting.key() + " (" + (value == null ? "default" : value.source()) + ")";
  }

  /** The connectors that something is said about. */
  Set<String> connectors() {
    return Set.copyOf(connectors.keySet());
  }

  /** Whether something is said about this of a connector. */
  boolean has(String connector, ConnectorSetting setting) {
    return connectors.getOrDefault(connector, Map.of()).containsKey(setting);
  }

  /** A connector's value as text. */
  String text(String connector, ConnectorSetting setting) {
    Given value = connectors.getOrDefault(connector, Map.of()).get(setting);
    return value == null ? setting.standard() : value.value();
  }

  /** A connector's setting and the origin of its value, for messages. */
  String named(String connector, ConnectorSetting setting) {
    Given value = connectors.getOrDefault(connector, Map.of()).get(setting);
    return setting.key(connector) + " (" + (value == null ? "default" : value.source()) + ")";
  }

  private void give(String connector, ConnectorSetting setting, Given value) {
    connectors
        .computeIfAbsent(connector, none -> new EnumMap<>(ConnectorSetting.class))
        .put(setting, value);
  }

  List<String> faults() {
    return List.copyOf(faults);
  }

  /** Every setting that is not at its default, one per line, secrets hidden. */
  public String describe() {
    StringBuilder out = new StringBuilder();
    given.forEach(
        (setting, value) ->
            out.append(
                "%-18s %s  (%s)%n".formatted(setting.key(), shown(setting), value.source())));
    connectors.forEach(
        (connector, ofIt) ->
            ofIt.forEach(
                (setting, value) ->
                    out.append(
                        "%-18s %s  (%s)%n"
                            .formatted(setting.key(connector), value.value(), value.source()))));
    return out.toString();
  }

  private String shown(Setting setting) {
    return setting.secret() ? Redacted.secret(text(setting)) : text(setting);
  }

  private void readFile(Path file) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    try (var reader = Files.newBufferedReader(file)) {
      Object root = new Yaml(new SafeConstructor(options)).load(reader);
      if (root instanceof Map<?, ?> entries) {
        readEntries(file, "", entries);
      } else if (root != null) {
        faults.add(file + ": expected settings such as 'grpc: {port: 50051}'");
      }
    } catch (IOException missing) {
      faults.add(file + ": cannot be read");
    } catch (YAMLException broken) {
      // The parser's message quotes the file, which may hold a password: only its place is told.
      faults.add(file + ": is not YAML" + place(broken));
    }
  }

  private static String place(YAMLException broken) {
    return broken instanceof org.yaml.snakeyaml.error.MarkedYAMLException marked
            && marked.getProblemMark() != null
        ? " (line " + (marked.getProblemMark().getLine() + 1) + ")"
        : "";
  }

  private void readEntries(Path file, String prefix, Map<?, ?> entries) {
    entries.forEach(
        (name, value) -> {
          String key = prefix + name;
          if (value instanceof Map<?, ?> pairs && Setting.byKey(key).isPresent()) {
            readEntry(file, key, pairs.entrySet().stream().map(String::valueOf).toList());
          } else if (value instanceof Map<?, ?> nested) {
            readEntries(file, key + ".", nested);
          } else {
            readEntry(file, key, value);
          }
        });
  }

  private void readEntry(Path file, String key, @Nullable Object value) {
    String source = String.valueOf(file.getFileName());
    Setting setting = Setting.byKey(key).orElse(null);
    Setting fromFile =
        key.endsWith("-file")
            ? Setting.byKey(key.substring(0, key.length() - 5)).orElse(null)
            : null;
    if (setting != null) {
      given.put(setting, new Given(asText(value), source));
    } else if (isOfConnector(key)) {
      String[] parts = key.substring(ConnectorSetting.PREFIX.length()).split("\\.", 2);
      ConnectorSetting.byKey(parts[1])
          .ifPresent(known -> give(parts[0], known, new Given(asText(value), source)));
    } else if (fromFile != null && fromFile.secret()) {
      readSecret(fromFile, asText(value), source);
    } else {
      faults.add(key + " (" + source + "): there is no such setting");
    }
  }

  private static boolean isOfConnector(String key) {
    int dot = key.lastIndexOf('.');
    return key.startsWith(ConnectorSetting.PREFIX)
        && dot > ConnectorSetting.PREFIX.length()
        && key.indexOf('.', ConnectorSetting.PREFIX.length()) == dot
        && ConnectorSetting.byKey(key.substring(dot + 1)).isPresent();
  }

  private static String asText(@Nullable Object value) {
    if (value instanceof List<?> items) {
      return String.join(",", items.stream().map(String::valueOf).toList());
    }
    return value == null ? "" : String.valueOf(value);
  }

  private void readEnvironment(Map<String, String> environment) {
    environment.forEach(
        (variable, value) -> {
          for (ConnectorSetting setting : ConnectorSetting.values()) {
            setting
                .connectorOf(variable)
                .ifPresent(connector -> give(connector, setting, new Given(value, variable)));
          }
        });
    for (Setting setting : Setting.values()) {
      String value = environment.get(setting.variable());
      String path = setting.secret() ? environment.get(setting.variable() + "_FILE") : null;
      if (value != null) {
        given.put(setting, new Given(value, setting.variable()));
      } else if (path != null) {
        readSecret(setting, path, setting.variable() + "_FILE");
      }
    }
  }

  private void readSecret(Setting setting, String path, String source) {
    try {
      given.put(setting, new Given(Files.readString(Path.of(path)).strip(), source));
    } catch (IOException missing) {
      faults.add(setting.key() + " (" + source + "): " + path + " cannot be read");
    }
  }
}
