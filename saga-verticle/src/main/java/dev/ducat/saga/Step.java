package dev.ducat.saga;

import java.util.Locale;

/** The steps of a payment, in their order. The names are stored. */
public enum Step {
  VALIDATE,
  AUTHORIZE,
  CAPTURE,
  SETTLE,
  NOTIFY;

  /** As the public contracts write it, for example {@code authorize}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
