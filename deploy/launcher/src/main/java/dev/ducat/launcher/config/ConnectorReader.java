package dev.ducat.launcher.config;

import dev.ducat.launcher.config.NodeConfig.Connectors;
import dev.ducat.proto.connector.v1.SettlementMode;
import dev.ducat.saga.ConnectorTerms;
import dev.ducat.saga.connector.RemoteSettings;
import dev.ducat.saga.connector.SimulatorConnector;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code connectors.<name>.…}. The simulator is there without being named. */
final class ConnectorReader {
  private static final Pattern NAME = Pattern.compile("[a-z0-9_-]{1,64}");
  static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost");
  static final String NO_TLS =
      "is on another host: the way there needs TLS, which this version does not have yet;"
          + " insecure-dev: true goes without, on a network you trust";

  private static final Duration MOMENT = Duration.ofMillis(100);

  /** No step may take longer than a client's longest wait. */
  private static final Duration DEADLINE_MAX = Duration.ofSeconds(60);

  private static final Duration QUARANTINE_MAX = Duration.ofDays(1);
  private static final Duration LONG_MAX = Duration.ofDays(90);

  private final Settings settings;
  private final Values values;

  ConnectorReader(Settings settings, Values values) {
    this.settings = settings;
    this.values = values;
  }

  Connectors read() {
    Map<String, ConnectorTerms> terms = new TreeMap<>();
    Map<String, RemoteSettings> remotes = new TreeMap<>();
    terms.put(SimulatorConnector.NAME, ConnectorTerms.simulator());
    for (String name : settings.connectors()) {
      if (!NAME.matcher(name).matches()) {
        values.fault(
            ConnectorSetting.PREFIX + name + ": a name is 1 to 64 characters of [a-z0-9_-]");
        continue;
      }
      ConnectorTerms read = terms(name);
      terms.put(name, read);
      RemoteSettings remote = remote(name, read);
      if (remote != null) {
        remotes.put(name, remote);
      }
    }
    String standard = values.text(Setting.CONNECTOR);
    if (!terms.containsKey(standard)) {
      values.fault(Setting.CONNECTOR, "must be one of " + terms.keySet() + ", is " + standard);
      standard = SimulatorConnector.NAME;
    }
    return new Connectors(standard, terms, remotes);
  }

  private ConnectorTerms terms(String name) {
    boolean simulated =
        name.equals(SimulatorConnector.NAME) && !settings.has(name, ConnectorSetting.ADDRESS);
    Duration window = time(name, ConnectorSetting.IDEMPOTENCY_WINDOW, MOMENT, LONG_MAX);
    Duration actionTimeout =
        time(name, ConnectorSetting.ACTION_TIMEOUT, Duration.ofSeconds(1), LONG_MAX);
    return new ConnectorTerms(
        time(name, ConnectorSetting.DEADLINE, MOMENT, DEADLINE_MAX),
        simulated && !settings.has(name, ConnectorSetting.QUARANTINE)
            ? ConnectorTerms.simulator().quarantine()
            : time(name, ConnectorSetting.QUARANTINE, Duration.ZERO, QUARANTINE_MAX),
        window,
        // Clocks differ and calls take time: an hour of a day, in proportion.
        window.dividedBy(24),
        time(name, ConnectorSetting.AUTHORIZATION_LIFETIME, Duration.ofSeconds(1), LONG_MAX),
        settlement(name),
        time(name, ConnectorSetting.UNKNOWN_MAX, MOMENT, LONG_MAX),
        actionTimeout,
        simulated || tombstones(name),
        new RetryReader(settings, values, name).read(actionTimeout));
  }

  private @Nullable RemoteSettings remote(String name, ConnectorTerms terms) {
    String address = settings.text(name, ConnectorSetting.ADDRESS);
    if (address.isBlank()) {
      if (!name.equals(SimulatorConnector.NAME)) {
        values.fault(ConnectorSetting.ADDRESS.key(name) + " is missing");
      }
      return null;
    }
    String named = settings.named(name, ConnectorSetting.ADDRESS);
    int calls = number(name, ConnectorSetting.CONCURRENCY, 1, 100_000);
    RemoteSettings.Breaker breaker =
        new RemoteSettings.Breaker(
            number(name, ConnectorSetting.BREAKER_CALLS, 2, 10_000),
            number(name, ConnectorSetting.BREAKER_FAILURES, 1, 100),
            time(name, ConnectorSetting.BREAKER_PAUSE, MOMENT, Duration.ofMinutes(10)));
    if (!Values.isHostPort(address)) {
      values.fault(named + " must be host:port, is " + address);
      return null;
    }
    String host = address.substring(0, address.indexOf(':'));
    if (!LOOPBACK.contains(host) && !values.flag(Setting.INSECURE_DEV)) {
      values.fault(named + " " + NO_TLS);
    }
    return new RemoteSettings(
        host,
        Math.max(1, Integer.parseInt(address.substring(address.indexOf(':') + 1))),
        calls,
        terms.quarantine(),
        terms.idempotencyWindow(),
        terms.authorizationLifetime(),
        terms.settlement(),
        terms.tombstonesVoid(),
        breaker);
  }

  private boolean tombstones(String name) {
    String text = settings.text(name, ConnectorSetting.TOMBSTONES_VOID);
    if (!text.equals("true") && !text.equals("false")) {
      values.fault(
          settings.named(name, ConnectorSetting.TOMBSTONES_VOID)
              + " must be true or false, is "
              + text);
    }
    return text.equals("true");
  }

  private SettlementMode settlement(String name) {
    String text = settings.text(name, ConnectorSetting.SETTLEMENT);
    return switch (text) {
      case "immediate" -> SettlementMode.SETTLEMENT_MODE_IMMEDIATE;
      case "reported" -> SettlementMode.SETTLEMENT_MODE_REPORTED;
      default -> {
        values.fault(
            settings.named(name, ConnectorSetting.SETTLEMENT)
                + " must be immediate or reported, is "
                + text);
        yield SettlementMode.SETTLEMENT_MODE_IMMEDIATE;
      }
    };
  }

  private Duration time(String name, ConnectorSetting setting, Duration min, Duration max) {
    return values.duration(settings.named(name, setting), settings.text(name, setting), min, max);
  }

  private int number(String name, ConnectorSetting setting, int min, int max) {
    return values.number(settings.named(name, setting), settings.text(name, setting), min, max);
  }
}
