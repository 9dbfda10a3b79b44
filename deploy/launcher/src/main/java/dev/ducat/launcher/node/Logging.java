package dev.ducat.launcher.node;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import dev.ducat.launcher.config.NodeConfig.Log;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Where the log goes: lines for people on a terminal, JSON for machines anywhere else. Commands
 * that are no node are quiet (logback.xml).
 */
public final class Logging {
  private static final String PATTERN = "%d{HH:mm:ss.SSS} %-5level %-28logger{28} %msg%n%ex";

  /** These tell of every connection and every setting at INFO. */
  private static final List<String> TALKATIVE =
      List.of(
          "org.apache.kafka",
          "org.flywaydb",
          "org.infinispan",
          "org.jboss",
          "org.jgroups",
          "io.netty",
          "io.vertx",
          "io.lettuce");

  /**
   * These warn, many times over, of what a cluster is made to survive: that it does not outlive its
   * members, and that a member that was killed, or Redis, cannot be reached. Readiness and leases
   * tell of it, and the gateway.
   */
  private static final List<String> ALARMISTS =
      List.of(
          "org.infinispan.CONFIG",
          "org.infinispan.CLUSTER",
          "io.vertx.core.eventbus.impl.clustered.ClusteredEventBus",
          "io.lettuce.core.protocol.ConnectionWatchdog");

  private Logging() {}

  /** Sets the log of a node up. */
  public static void forNode(Log log) {
    Path file = log.file();
    boolean json =
        switch (log.format()) {
          case JSON -> true;
          case TEXT -> false;
          case AUTO -> file != null || !onTerminal();
        };
    apply(file, json, Level.toLevel(log.level().name()));
  }

  /** Sends a readable log to a file, and nothing to the terminal. */
  public static void toFile(Path file) {
    apply(file, false, Level.INFO);
  }

  /** Whether a person watches standard output. ./ducat knows; Java 21 alone cannot tell. */
  public static boolean onTerminal() {
    return Boolean.getBoolean("ducat.terminal");
  }

  private static void apply(@Nullable Path file, boolean json, Level level) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    OutputStreamAppender<ILoggingEvent> appender = appender(file);
    appender.setContext(context);
    appender.setName("ducat");
    appender.setEncoder(encoder(context, json));
    appender.start();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(level);
    root.addAppender(appender);
    if (level.isGreaterOrEqual(Level.INFO)) {
      TALKATIVE.forEach(name -> context.getLogger(name).setLevel(Level.WARN));
      ALARMISTS.forEach(name -> context.getLogger(name).setLevel(Level.ERROR));
    }
  }

  private static OutputStreamAppender<ILoggingEvent> appender(@Nullable Path file) {
    if (file == null) {
      return new ConsoleAppender<>();
    }
    FileAppender<ILoggingEvent> appender = new FileAppender<>();
    appender.setFile(file.toString());
    return appender;
  }

  private static Encoder<ILoggingEvent> encoder(LoggerContext context, boolean json) {
    if (json) {
      JsonEncoder encoder = new JsonEncoder();
      encoder.setContext(context);
      encoder.setWithFormattedMessage(true);
      encoder.setWithMessage(false);
      encoder.setWithArguments(false);
      encoder.setWithContext(false);
      encoder.setWithSequenceNumber(false);
      encoder.setWithNanoseconds(false);
      encoder.start();
      return encoder;
    }
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(PATTERN);
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.start();
    return encoder;
  }
}
