package dev.ducat.embedded;

/** Where the Kafka broker listens, in plain text and without authentication. */
public record KafkaEndpoint(String host, int port) {
  /** {@code 127.0.0.1:port}, the value of {@code bootstrap.servers}. */
  public String bootstrap() {
    return host + ":" + port;
  }
}
