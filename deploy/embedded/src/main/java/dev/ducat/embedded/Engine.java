package dev.ducat.embedded;

import java.util.List;

/**
 * What differs between the services: how to prepare the data, what to run, and how to ask whether
 * it serves.
 */
sealed interface Engine permits PostgresEngine, RedisEngine, KafkaEngine {
  static Engine of(Service service) {
    return switch (service) {
      case POSTGRES -> new PostgresEngine();
      case REDIS -> new RedisEngine();
      case KAFKA -> new KafkaEngine();
    };
  }

  /**
   * Makes the data folder ready and returns the command that serves it on the port, in the
   * foreground.
   */
  List<String> prepare(ServiceHome home, int port);

  /**
   * One honest question to the service; false also when nobody listens. Ends within about two
   * seconds.
   */
  boolean answers(int port);

  /**
   * Called when the service answers for the first time after a start. Must not mind being called
   * again.
   */
  default void afterStart(int port) {}

  /** The signal that makes it finish what it must and end. */
  String gracefulSignal();

  /** The signal that ends all of its processes when the owner has vanished. */
  String abruptSignal();
}
