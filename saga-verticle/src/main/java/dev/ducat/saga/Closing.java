package dev.ducat.saga;

/**
 * Who has the last word on an authorization that was open for captures. Decided once, in the
 * transaction of the winner's intent; whoever comes later is refused. The names are stored.
 */
public enum Closing {
  /** Nobody: it is open, or there never was one. */
  NONE,
  /** A capture after which there is no other, or that failed. */
  CAPTURE,
  CANCEL,
  EXPIRE
}
