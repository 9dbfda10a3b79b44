package dev.ducat.saga.connector;

import dev.ducat.proto.connector.v1.Capabilities;
import dev.ducat.proto.connector.v1.SettlementMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Holds the configuration against what an adapter says of itself: it may narrow, never widen. */
final class Promises {
  private Promises() {}

  /** What is configured beyond what is promised; empty when all is well. */
  static List<String> broken(RemoteSettings configured, Capabilities promised) {
    List<String> broken = new ArrayList<>();
    Duration quarantine = duration(promised.getQuarantine());
    if (configured.quarantine().compareTo(quarantine) < 0) {
      broken.add("quarantine is at least " + quarantine);
    }
    atMost(
        broken,
        "idempotency-window",
        configured.idempotencyWindow(),
        duration(promised.getIdempotencyWindow()));
    atMost(
        broken,
        "authorization-lifetime",
        configured.authorizationLifetime(),
        duration(promised.getAuthorizationLifetime()));
    boolean reports = promised.getSettlementMode() == SettlementMode.SETTLEMENT_MODE_REPORTED;
    boolean awaited = configured.settlement() == SettlementMode.SETTLEMENT_MODE_REPORTED;
    if (reports != awaited) {
      broken.add("settlement is " + (reports ? "reported" : "immediate"));
    }
    if (configured.tombstonesVoid() && !promised.getTombstonesVoid()) {
      broken.add("tombstones-void is false");
    }
    return broken;
  }

  private static void atMost(
      List<String> broken, String name, Duration configured, Duration promised) {
    if (configured.compareTo(promised) > 0) {
      broken.add(name + " is at most " + promised);
    }
  }

  private static Duration duration(com.google.protobuf.Duration proto) {
    return Duration.ofSeconds(proto.getSeconds(), proto.getNanos());
  }
}
