package dev.ducat.saga;

import java.util.Locale;

/** The steps of sagas, in their order. The names are stored. */
public enum Step {
  VALIDATE,
  AUTHORIZE,
  CAPTURE,
  /** What a last capture left is freed. */
  REMAINDER,
  /** What is not captured is freed, because a client asks for it. */
  CANCEL,
  /** What is not captured is freed, because its time is over. */
  EXPIRE,
  /** What a PSP did for a payment that had been given up is freed. */
  RECLAIM,
  REFUND,
  SETTLE,
  NOTIFY;

  /** As the public contracts write it, for example {@code authorize}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Whether it voids an authorization. A void may be sent again under its key at any time: it frees
   * what is there, or nothing.
   */
  boolean voids() {
    return this == REMAINDER || this == CANCEL || this == EXPIRE || this == RECLAIM;
  }
}
