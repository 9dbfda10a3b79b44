package dev.ducat.torture.machine;

import dev.ducat.embedded.RedisEndpoint;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** FLUSHALL in Redis's own words: every claim is forgotten. */
record RedisFlush() implements Fault {
  @Override
  public void strike(Cluster cluster, Random dice) throws Exception {
    RedisEndpoint redis = cluster.services().redis();
    try (Socket socket = new Socket(redis.host(), redis.port())) {
      socket.getOutputStream().write("FLUSHALL\r\n".getBytes(StandardCharsets.US_ASCII));
      byte[] answer = socket.getInputStream().readNBytes(5);
      if (!new String(answer, StandardCharsets.US_ASCII).equals("+OK\r\n")) {
        throw new IllegalStateException("Redis did not flush");
      }
    }
  }
}
