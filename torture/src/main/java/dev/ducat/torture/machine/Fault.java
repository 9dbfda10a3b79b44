package dev.ducat.torture.machine;

import dev.ducat.embedded.Service;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** One way to hurt the cluster. It heals what it broke before it returns. */
interface Fault {
  /** Hurts and heals; blocks until everything runs again. */
  void strike(Cluster cluster, Random dice) throws Exception;

  /** All faults, by the names that {@code --faults} takes. */
  static Map<String, Fault> all() {
    Map<String, Fault> faults = new TreeMap<>();
    faults.put("node-kill", new NodeKill());
    faults.put("node-pause-3", new NodePause(Duration.ofSeconds(3)));
    faults.put("node-pause-15", new NodePause(Duration.ofSeconds(15)));
    faults.put("redis-flush", new RedisFlush());
    faults.put("connections-cut", new ConnectionsCut());
    faults.put("postgres-kill", new ServiceKill(Service.POSTGRES, Duration.ZERO));
    faults.put("redis-kill", new ServiceKill(Service.REDIS, Duration.ofSeconds(3)));
    faults.put("kafka-kill", new ServiceKill(Service.KAFKA, Duration.ofSeconds(5)));
    faults.put("redis-pause", new ServicePause(Service.REDIS, Duration.ofSeconds(3)));
    faults.put("kafka-pause", new ServicePause(Service.KAFKA, Duration.ofSeconds(5)));
    Set<Wire.Way> requests = Set.of(Wire.Way.TO_SERVICE);
    Set<Wire.Way> answers = Set.of(Wire.Way.TO_NODE);
    // Longer than a lease: what arrives then comes from somebody who owns nothing any more.
    faults.put("postgres-late", new WireHeld(Service.POSTGRES, requests, Duration.ofSeconds(10)));
    faults.put("postgres-mute", new WireHeld(Service.POSTGRES, answers, Duration.ofSeconds(4)));
    faults.put("postgres-cut", new WireCut(Service.POSTGRES, Duration.ofSeconds(8)));
    faults.put("redis-mute", new WireHeld(Service.REDIS, answers, Duration.ofSeconds(3)));
    return faults;
  }
}
