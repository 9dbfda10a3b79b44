package dev.ducat.launcher.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Settings as values of a type. What is no such value becomes a fault, and the reader gets
 * something to go on with, so that all faults are found in one go.
 */
final class Values {
  private static final Pattern HOST_PORT = Pattern.compile("[^:/@\\s]+:([0-9]{1,5})");
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");
  private static final int PORT_MAX = 65_535;

  private final Settings settings;
  private final List<String> faults;

  Values(Settings settings) {
    this.settings = settings;
    this.faults = new ArrayList<>(settings.faults());
  }

  List<String> faults() {
    return List.copyOf(faults);
  }

  void fault(Setting setting, String what) {
    fault(settings.named(setting) + " " + what);
  }

  void fault(String what) {
    faults.add(what);
  }

  String text(Setting setting) {
    return settings.text(setting);
  }

  boolean isSet(Setting setting) {
    return !text(setting).isBlank();
  }

  int port(Setting setting) {
    return number(setting, 0, PORT_MAX);
  }

  int number(Setting setting, int min, int max) {
    return number(settings.named(setting), text(setting), min, max);
  }

  int number(String named, String text, int min, int max) {
    try {
      int value = Integer.parseInt(text.strip());
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException notANumber) {
      // Told below, with the range.
    }
    fault(named + " must be a number from " + min + " to " + max + ", is " + text.strip());
    return min;
  }

  boolean flag(Setting setting) {
    String text = text(setting).toLowerCase(Locale.ROOT);
    if (!text.equals("true") && !text.equals("false")) {
      fault(setting, "must be true or false, is " + text);
    }
    return text.equals("true");
  }

  /** A time such as {@code 250ms}, {@code 6s}, {@code 1m}, {@code 24h} or {@code 7d}. */
  Duration duration(Setting setting, Duration min, Duration max) {
    return duration(settings.named(setting), text(setting), min, max);
  }

  Duration duration(String named, String text, Duration min, Duration max) {
    Matcher parts = DURATION.matcher(text);
    if (parts.matches()) {
      long count = Long.parseLong(parts.group(1));
      Duration value =
          switch (parts.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
          };
      if (value.compareTo(min) >= 0 && value.compareTo(max) <= 0) {
        return value;
      }
    }
    fault(
        named
            + " must be a time from %ds to %ds, such as 6s"
                .formatted(min.toSeconds(), max.toSeconds()));
    return min;
  }

  <E extends Enum<E>> E choice(Setting setting, Class<E> type, E otherwise) {
    for (E one : type.getEnumConstants()) {
      if (one.name().equalsIgnoreCase(text(setting))) {
        return one;
      }
    }
    fault(
        setting,
        "must be one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT));
    return otherwise;
  }

  List<String> hostPorts(Setting setting) {
    List<String> items = items(setting);
    for (String item : items) {
      if (!isHostPort(item)) {
        fault(setting, "must be host:port,host:port, has " + item);
      }
    }
    return items;
  }

  static boolean isHostPort(String text) {
    Matcher parts = HOST_PORT.matcher(text);
    return parts.matches() && Integer.parseInt(parts.group(1)) <= PORT_MAX;
  }

  /** What stands between commas. */
  List<String> items(Setting setting) {
    return Arrays.stream(text(setting).split(",", -1))
        .map(String::strip)
        .filter(item -> !item.isEmpty())
        .toList();
  }
}
