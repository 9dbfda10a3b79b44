package dev.ducat.bench.debezium;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/**
 * The process. Its first argument is the engine's properties, its second Kafka's bootstrap servers,
 * its third what to append to the names of topics. It prints {@code streaming} once, and for each
 * line it reads {@code relayed}, events and nanoseconds from the first batch to the last. It ends
 * with its input, so that it does not outlive the bench.
 */
public final class Main {
  private Main() {}

  /** Runs until the input ends. */
  public static void main(String[] arguments) throws IOException {
    Properties properties = new Properties();
    properties.load(new StringReader(arguments[0]));
    try (DebeziumRelay relay = new DebeziumRelay(properties, arguments[1], arguments[2]);
        BufferedReader input =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      while (input.readLine() != null) {
        System.out.println("relayed " + relay.relayed() + " " + relay.took().toNanos());
      }
    }
    System.exit(0);
  }
}
