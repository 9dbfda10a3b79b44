package org.apache.kafka.server.logger;

/**
 * Takes the place of Kafka's class of this name in the broker's JVM. Every broker class calls
 * {@link #register()} when it is loaded, and the original offers Log4j's levels over JMX, which
 * fails without Log4j. Log4j is banned in this project: with it on the class path, Infinispan and
 * JGroups would log there instead of to Logback.
 *
 * <p>Without it, reading or changing the broker's log levels at run time is the one thing that does
 * not work.
 */
public final class Log4jControllerRegistration {
  private Log4jControllerRegistration() {}

  /** Registers nothing. */
  public static void register() {}
}
