package dev.ducat.torture.machine;

import dev.ducat.embedded.Service;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
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
    return faults;
  }
}
