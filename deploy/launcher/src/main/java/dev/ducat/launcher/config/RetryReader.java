package dev.ducat.launcher.config;

import dev.ducat.saga.Backoff;
import dev.ducat.saga.RetryTerms;
import dev.ducat.saga.StepPolicy;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads how patient the sagas of one connector are. A policy is written {@code attempts=10
 * first=100ms max=15s timeout=1h}; what it leaves out stays as it is by default.
 */
final class RetryReader {
  private static final Pattern CODE = Pattern.compile("[A-Z0-9_]{1,100}");
  private static final Duration MOMENT = Duration.ofMillis(10);
  private static final Duration LONG_MAX = Duration.ofDays(90);
  private static final int ATTEMPTS_MAX = 1_000;

  private final Settings settings;
  private final Values values;
  private final String connector;

  RetryReader(Settings settings, Values values, String connector) {
    this.settings = settings;
    this.values = values;
    this.connector = connector;
  }

  /**
   * Reads all.
   *
   * @param actionTimeout how long a payment may wait for its payer
   */
  RetryTerms read(Duration actionTimeout) {
    Policy undo = new Policy(ConnectorSetting.RETRY_VOID);
    return new RetryTerms(
        new Policy(ConnectorSetting.RETRY_AUTHORIZE).step(),
        new Policy(ConnectorSetting.RETRY_CAPTURE).step(),
        new Policy(ConnectorSetting.RETRY_REFUND).step(),
        new Policy(ConnectorSetting.RETRY_ASK).pause(),
        undo.pause(),
        undo.time("timeout"),
        RetryTerms.defaults().notSent(),
        codes(),
        sagaTimeout(actionTimeout));
  }

  private Duration sagaTimeout(Duration actionTimeout) {
    Duration timeout =
        values.duration(
            settings.named(connector, ConnectorSetting.SAGA_TIMEOUT),
            settings.text(connector, ConnectorSetting.SAGA_TIMEOUT),
            MOMENT,
            LONG_MAX.multipliedBy(2));
    if (timeout.compareTo(actionTimeout) <= 0) {
      values.fault(
          settings.named(connector, ConnectorSetting.SAGA_TIMEOUT)
              + " must be longer than action-timeout: who acts in time has a payment to be captured");
    }
    return timeout;
  }

  private Set<String> codes() {
    Set<String> codes =
        Arrays.stream(settings.text(connector, ConnectorSetting.RETRY_NEVER).split(",", -1))
            .map(String::strip)
            .filter(code -> !code.isEmpty())
            .collect(Collectors.toSet());
    for (String code : codes) {
      if (!CODE.matcher(code).matches()) {
        values.fault(
            settings.named(connector, ConnectorSetting.RETRY_NEVER)
                + " must be codes of A to Z, 0 to 9 and _ with commas between them, has "
                + code);
      }
    }
    return codes;
  }

  /** One setting's policy: the defaults, with what is given laid over them. */
  private final class Policy {
    private final String named;
    private final Map<String, String> parts;

    Policy(ConnectorSetting setting) {
      this.named = settings.named(connector, setting);
      this.parts = parts(setting.standard());
      Map<String, String> given = parts(settings.text(connector, setting));
      for (Map.Entry<String, String> part : given.entrySet()) {
        if (parts.replace(part.getKey(), part.getValue()) == null) {
          values.fault(
              named + " is written like '" + setting.standard() + "', has " + part.getKey());
        }
      }
    }

    private static Map<String, String> parts(String text) {
      Map<String, String> parts = new HashMap<>();
      for (String part : text.strip().split("\\s+", -1)) {
        int equals = part.indexOf('=');
        if (!part.isEmpty()) {
          parts.put(
              equals < 0 ? part : part.substring(0, equals),
              equals < 0 ? "" : part.substring(equals + 1));
        }
      }
      return parts;
    }

    StepPolicy step() {
      int attempts =
          values.number(named + " attempts", parts.getOrDefault("attempts", ""), 1, ATTEMPTS_MAX);
      return new StepPolicy(pause(), attempts, time("timeout"));
    }

    Backoff pause() {
      Duration first = time("first");
      Duration max = time("max");
      if (max.compareTo(first) < 0) {
        values.fault(named + " max must not be shorter than first");
        max = first;
      }
      return new Backoff(first, max);
    }

    Duration time(String part) {
      return values.duration(named + " " + part, parts.getOrDefault(part, ""), MOMENT, LONG_MAX);
    }
  }
}
