package dev.ducat.gateway;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How the gateway is run.
 *
 * @param host the address to bind to
 * @param port of the public services; 0 = any free one
 * @param operationsPort of the operators' services; 0 = any free one
 * @param eventLoops how many event loops share the public port
 * @param inFlightMax unary calls at work at one time; more are refused
 * @param streamsMax open streams at one time; more are refused
 * @param redisUri {@code redis://…}, or empty to run without the fast path
 * @param waitDefault how long CreatePayment waits for the payment to rest when it says nothing
 * @param deadlineDefault of unary calls that bring none
 * @param deadlineMax of unary calls
 * @param streamMax the longest life of a stream
 * @param drain how long {@code stop()} waits for calls in flight
 * @param linger how long a client may take to read its answer before its stream is given up
 * @param keyLife how long an idempotency key is remembered at least
 * @param maxAmountMinor the largest amount of a payment, in minor units of its currency
 * @param connectors names that a request may ask for; the first is the installation's choice
 */
public record GatewaySettings(
    String host,
    int port,
    int operationsPort,
    int eventLoops,
    int inFlightMax,
    int streamsMax,
    Optional<String> redisUri,
    Duration waitDefault,
    Duration deadlineDefault,
    Duration deadlineMax,
    Duration streamMax,
    Duration drain,
    Duration linger,
    Duration keyLife,
    long maxAmountMinor,
    List<String> connectors) {

  public GatewaySettings {
    connectors = List.copyOf(connectors);
    positive("eventLoops", eventLoops);
    positive("inFlightMax", inFlightMax);
    positive("streamsMax", streamsMax);
    positive("maxAmountMinor", maxAmountMinor);
    if (connectors.isEmpty()) {
      throw new IllegalArgumentException("at least one connector must be known");
    }
    if (deadlineDefault.compareTo(deadlineMax) > 0) {
      throw new IllegalArgumentException("the default deadline is above the longest one");
    }
  }

  /** What DESIGN gives, on 127.0.0.1 and the usual ports, without Redis. */
  public static GatewaySettings defaults() {
    return new GatewaySettings(
        "127.0.0.1",
        50051,
        50052,
        Runtime.getRuntime().availableProcessors(),
        4_096,
        10_000,
        Optional.empty(),
        Duration.ofSeconds(10),
        Duration.ofSeconds(15),
        Duration.ofSeconds(60),
        Duration.ofHours(1),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofHours(72),
        // Ten billion of a currency with two digits: no typing error should pass for a payment.
        1_000_000_000_000L,
        List.of("simulator"));
  }

  public GatewaySettings withAddress(String newHost, int newPort, int newOperationsPort) {
    return new GatewaySettings(
        newHost,
        newPort,
        newOperationsPort,
        eventLoops,
        inFlightMax,
        streamsMax,
        redisUri,
        waitDefault,
        deadlineDefault,
        deadlineMax,
        streamMax,
        drain,
        linger,
        keyLife,
        maxAmountMinor,
        connectors);
  }

  public GatewaySettings withRedis(Optional<String> uri) {
    return new GatewaySettings(
        host,
        port,
        operationsPort,
        eventLoops,
        inFlightMax,
        streamsMax,
        uri,
        waitDefault,
        deadlineDefault,
        deadlineMax,
        streamMax,
        drain,
        linger,
        keyLife,
        maxAmountMinor,
        connectors);
  }

  public GatewaySettings withConnectors(List<String> names) {
    return new GatewaySettings(
        host,
        port,
        operationsPort,
        eventLoops,
        inFlightMax,
        streamsMax,
        redisUri,
        waitDefault,
        deadlineDefault,
        deadlineMax,
        streamMax,
        drain,
        linger,
        keyLife,
        maxAmountMinor,
        names);
  }

  public GatewaySettings withInFlightMax(int calls, int streams) {
    return new GatewaySettings(
        host,
        port,
        operationsPort,
        eventLoops,
        calls,
        streams,
        redisUri,
        waitDefault,
        deadlineDefault,
        deadlineMax,
        streamMax,
        drain,
        linger,
        keyLife,
        maxAmountMinor,
        connectors);
  }

  public GatewaySettings withKeyLife(Duration life) {
    return new GatewaySettings(
        host,
        port,
        operationsPort,
        eventLoops,
        inFlightMax,
        streamsMax,
        redisUri,
        waitDefault,
        deadlineDefault,
        deadlineMax,
        streamMax,
        drain,
        linger,
        life,
        maxAmountMinor,
        connectors);
  }

  public GatewaySettings withLinger(Duration value) {
    return new GatewaySettings(
        host,
        port,
        operationsPort,
        eventLoops,
        inFlightMax,
        streamsMax,
        redisUri,
        waitDefault,
        deadlineDefault,
        deadlineMax,
        streamMax,
        drain,
        value,
        keyLife,
        maxAmountMinor,
        connectors);
  }

  private static void positive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, is " + value);
    }
  }
}
