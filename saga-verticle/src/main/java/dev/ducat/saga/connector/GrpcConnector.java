package dev.ducat.saga.connector;

import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.connector.v1.Capabilities;
import dev.ducat.proto.connector.v1.GetCapabilitiesRequest;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.saga.connector.RemoteMetrics.Refusal;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PSP behind a {@code ConnectorService}, in whatever language and process.
 *
 * <p>What a failure of {@link #call} means: NO_HANDLERS and BUSY, that certainly nothing was sent;
 * REJECTED, that the adapter calls the request wrong; everything else, that the operation may have
 * happened.
 */
public final class GrpcConnector implements Connector {
  private static final Logger LOG = LoggerFactory.getLogger(GrpcConnector.class);
  private static final Duration PROMISES_EVERY = Duration.ofSeconds(30);
  private static final Duration PROMISES_MAX = Duration.ofSeconds(5);

  private final String name;
  private final Vertx vertx;
  private final Clock clock;
  private final RemoteSettings settings;
  private final GuardedCalls calls;
  private volatile List<String> broken = List.of();
  private volatile boolean open = true;

  private GrpcConnector(
      String name, Vertx vertx, Clock clock, MeterRegistry meters, RemoteSettings settings) {
    this.name = name;
    this.vertx = vertx;
    this.clock = clock;
    this.settings = settings;
    this.calls =
        new GuardedCalls(
            "connector",
            name,
            new GuardedCalls.Reach(
                settings.host(), settings.port(), settings.callsMax(), settings.breaker()),
            vertx,
            clock,
            meters);
  }

  /** Makes a connector; it connects with its first call, and the adapter may come later. */
  public static GrpcConnector open(
      String name, Vertx vertx, Clock clock, MeterRegistry meters, RemoteSettings settings) {
    GrpcConnector connector = new GrpcConnector(name, vertx, clock, meters, settings);
    connector.comparePromises();
    return connector;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Future<OperationResult> call(ConnectorCall call) {
    if (!broken.isEmpty()) {
      return calls.refuse(
          Refusal.PROMISES, "configured beyond what its adapter promises: " + broken);
    }
    return send(call, RemoteMethod.of(call));
  }

  @Override
  public Future<Void> close() {
    open = false;
    return calls.close();
  }

  private <Q extends Message> Future<OperationResult> send(
      ConnectorCall call, RemoteMethod<Q> method) {
    return calls.call(
        method.method(), method.request(), timeLeft(call), answer -> checked(call, answer));
  }

  /** That an operation is not known is an answer to a question about it, and to nothing else. */
  private static Future<OperationResult> checked(ConnectorCall call, OperationResult answer) {
    return switch (answer.getOutcomeCase()) {
      case OUTCOME_NOT_SET -> noAnswer("an answer without an outcome");
      case NOT_FOUND ->
          call.hasGetOperation()
              ? Future.succeededFuture(answer)
              : noAnswer("NOT_FOUND is no outcome of an operation");
      case DONE, DECLINED, PENDING, RETRYABLE -> Future.succeededFuture(answer);
    };
  }

  private static Future<OperationResult> noAnswer(String why) {
    return Future.failedFuture(new BusException(BusFailure.UNAVAILABLE, why));
  }

  private Duration timeLeft(ConnectorCall call) {
    Timestamp deadline = ConnectorCalls.deadlineOf(call);
    return Duration.between(
        clock.now(), Instant.ofEpochSecond(deadline.getSeconds(), deadline.getNanos()));
  }

  /**
   * Asks what the adapter promises, now and from time to time. Silence changes nothing; calls will
   * meet it soon enough.
   */
  private void comparePromises() {
    if (!open) {
      return;
    }
    calls
        .unguarded(
            ConnectorServiceMethods.GET_CAPABILITIES,
            GetCapabilitiesRequest.getDefaultInstance(),
            PROMISES_MAX)
        .onSuccess(this::compare)
        .onFailure(away -> LOG.warn("connector {} does not answer: {}", name, away.getMessage()))
        .onComplete(asked -> vertx.setTimer(PROMISES_EVERY.toMillis(), now -> comparePromises()));
  }

  private void compare(Capabilities promised) {
    List<String> found = Promises.broken(settings, promised);
    if (!found.isEmpty() && !found.equals(broken)) {
      LOG.error(
          "connector {} is configured beyond what its adapter promises, nothing is sent: {}",
          name,
          found);
    }
    broken = List.copyOf(found);
  }
}
