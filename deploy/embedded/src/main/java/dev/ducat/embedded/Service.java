package dev.ducat.embedded;

import java.util.Locale;

/** A service that {@link EmbeddedServices} can run. */
public enum Service {
  POSTGRES,
  REDIS,
  KAFKA;

  /** The name of the service's folder below the data folder. */
  String folder() {
    return name().toLowerCase(Locale.ROOT);
  }
}
