package dev.ducat.embedded;

/** Where Redis listens. No password: it is reachable from this machine only. */
public record RedisEndpoint(String host, int port) {
  /** {@code redis://127.0.0.1:port}. */
  public String uri() {
    return "redis://" + host + ":" + port;
  }
}
