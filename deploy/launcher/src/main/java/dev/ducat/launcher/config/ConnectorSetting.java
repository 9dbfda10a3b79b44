package dev.ducat.launcher.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * What can be configured about one connector, by its name behind {@code connectors.<name>.}; the
 * variable of {@code connectors.acme.address} is {@code DUCAT_CONNECTORS_ACME_ADDRESS}.
 */
public enum ConnectorSetting {
  ADDRESS("address", "", "host:port of a ConnectorService. Required, but for the simulator."),
  DEADLINE("deadline", "5s", "How long a call may go unanswered before it counts as unknown."),
  QUARANTINE(
      "quarantine", "60s", "How long after a deadline its operation may still appear at the PSP."),
  IDEMPOTENCY_WINDOW(
      "idempotency-window", "24h", "How long a key is remembered, so that it can be sent again."),
  UNKNOWN_MAX(
      "unknown-max", "24h", "How long an outcome may stay unknown before a person is called."),
  AUTHORIZATION_LIFETIME(
      "authorization-lifetime",
      "7d",
      "How long an authorization holds where the PSP does not say."),
  SETTLEMENT(
      "settlement", "immediate", "immediate: with the capture; reported: when the PSP says so."),
  ACTION_TIMEOUT(
      "action-timeout",
      "1h",
      "How long a payment waits for its payer, or for the PSP to decide, before it expires."),
  TOMBSTONES_VOID(
      "tombstones-void",
      "false",
      "Whether a void keeps a late authorize away; if not, the PSP is asked once more."),
  RETRY_AUTHORIZE(
      "retry-authorize",
      "attempts=10 first=100ms max=15s timeout=1h",
      "An authorize that did nothing: attempts, first and longest pause, when it is given up."),
  RETRY_CAPTURE(
      "retry-capture", "attempts=10 first=100ms max=15s timeout=24h", "The same of a capture."),
  RETRY_REFUND(
      "retry-refund", "attempts=10 first=100ms max=15s timeout=24h", "The same of a refund."),
  RETRY_VOID(
      "retry-void",
      "first=200ms max=5m timeout=24h",
      "A void that is not done yet; after its timeout a person is called."),
  RETRY_ASK(
      "retry-ask", "first=250ms max=30s", "Questions about what is unknown or pending at the PSP."),
  RETRY_NEVER("retry-never", "", "Reason codes, with commas, after which nothing is tried again."),
  SAGA_TIMEOUT(
      "saga-timeout",
      "24h",
      "From a request on: what fails later is not tried again. Longer than action-timeout."),
  CONCURRENCY("concurrency", "256", "Calls at once from one process; more wait for their retry."),
  BREAKER_CALLS("breaker-calls", "20", "The last calls by which the circuit breaker judges."),
  BREAKER_FAILURES(
      "breaker-failures", "50", "Percent of them without answer that open it: nothing is sent."),
  BREAKER_PAUSE("breaker-pause", "5s", "How long it stays open before a few calls try again.");

  /** What stands before the connector's name. */
  static final String PREFIX = "connectors.";

  private static final String VARIABLE_PREFIX = "DUCAT_CONNECTORS_";

  private final String key;
  private final String standard;
  private final String meaning;

  ConnectorSetting(String key, String standard, String meaning) {
    this.key = key;
    this.standard = standard;
    this.meaning = meaning;
  }

  /** The part behind the connector's name. */
  public String key() {
    return key;
  }

  /** The value when nobody sets it. */
  public String standard() {
    return standard;
  }

  /** One line for people. */
  public String meaning() {
    return meaning;
  }

  /** The whole name in the file. */
  String key(String connector) {
    return PREFIX + connector + "." + key;
  }

  /** The end of the variable's name. */
  public String variableEnd() {
    return "_" + key.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /**
   * The connector that a variable is about, when it is one of this setting: underscores in it stand
   * for hyphens.
   */
  Optional<String> connectorOf(String variable) {
    int end = variable.length() - variableEnd().length();
    return variable.startsWith(VARIABLE_PREFIX)
            && variable.endsWith(variableEnd())
            && end > VARIABLE_PREFIX.length()
        ? Optional.of(
            variable
                .substring(VARIABLE_PREFIX.length(), end)
                .toLowerCase(Locale.ROOT)
                .replace('_', '-'))
        : Optional.empty();
  }

  static Optional<ConnectorSetting> byKey(String key) {
    return Arrays.stream(values()).filter(setting -> setting.key.equals(key)).findFirst();
  }
}
