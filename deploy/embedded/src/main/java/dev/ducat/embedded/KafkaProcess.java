package dev.ducat.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;

/**
 * The main class of the Kafka process: formats the storage on the first start, then serves until
 * SIGTERM.
 */
public final class KafkaProcess {
  private KafkaProcess() {}

  /** Takes one argument, the broker's properties file. */
  public static void main(String[] arguments) {
    try {
      serve(Path.of(arguments[0]));
    } catch (Throwable e) {
      // Standard error is the log, and its end is what the parent quotes.
      e.printStackTrace();
      // Half-started broker threads would keep the process alive.
      Runtime.getRuntime().halt(1);
    }
  }

  private static void serve(Path configuration) throws IOException {
    Properties properties = new Properties();
    try (var reader = Files.newBufferedReader(configuration)) {
      properties.load(reader);
    }
    if (!Files.exists(Path.of(properties.getProperty("log.dirs"), "meta.properties"))) {
      format(configuration);
    }
    KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "kafka-shutdown"));
    server.startup();
    server.awaitShutdown();
  }

  private static void format(Path configuration) {
    String[] command = {
      "format",
      "-t",
      Uuid.randomUuid().toString(),
      "-c",
      configuration.toString(),
      "--ignore-formatted"
    };
    int exit = StorageTool.execute(command, System.out);
    if (exit != 0) {
      throw new IllegalStateException("formatting the storage failed with exit code " + exit);
    }
  }
}
