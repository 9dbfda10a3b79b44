package dev.ducat.launcher.config;

import java.util.List;

/** A configuration that cannot be used, with everything that is wrong with it. */
public final class ConfigException extends RuntimeException {
  private final transient List<String> faults;

  public ConfigException(List<String> faults) {
    super(text(faults));
    this.faults = List.copyOf(faults);
  }

  /** One line each, naming the setting and where its value came from; no secrets. */
  public List<String> faults() {
    return faults;
  }

  private static String text(List<String> faults) {
    String head =
        faults.size() == 1
            ? "the configuration has a fault:"
            : "the configuration has " + faults.size() + " faults:";
    return head + "\n  " + String.join("\n  ", faults);
  }
}
