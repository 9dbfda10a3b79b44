package dev.ducat.saga.connector;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.internal.v1.RiskCall;
import dev.ducat.proto.risk.v1.AssessResponse;
import dev.ducat.proto.risk.v1.RiskServiceGrpcClient;
import dev.ducat.proto.risk.v1.Verdict;
import dev.ducat.saga.RiskTerms;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;

/**
 * The risk service, spared as connectors are. Whatever is no verdict within the deadline is a
 * failure here, and silence to the saga.
 */
public final class GrpcRisk {
  /** Where sagas ask for it, each on its own node. */
  public static final String ADDRESS = "risk";

  private final GuardedCalls calls;

  private GrpcRisk(GuardedCalls calls) {
    this.calls = calls;
  }

  /** Connects with the first call; the service may come later. */
  public static GrpcRisk open(Vertx vertx, Clock clock, MeterRegistry meters, RiskTerms terms) {
    return new GrpcRisk(
        new GuardedCalls(
            "risk",
            "service",
            new GuardedCalls.Reach(
                terms.host(), terms.port(), terms.callsMax(), RemoteSettings.Breaker.defaults()),
            vertx,
            clock,
            meters));
  }

  public Future<AssessResponse> assess(RiskCall call) {
    return calls.call(
        RiskServiceGrpcClient.Assess,
        call.getRequest(),
        Duration.ofMillis(call.getDeadlineMs()),
        GrpcRisk::checked);
  }

  public Future<Void> close() {
    return calls.close();
  }

  private static Future<AssessResponse> checked(AssessResponse answer) {
    return answer.getVerdict() == Verdict.VERDICT_UNSPECIFIED
            || answer.getVerdict() == Verdict.UNRECOGNIZED
        ? Future.failedFuture(
            new BusException(BusFailure.UNAVAILABLE, "an answer without a verdict"))
        : Future.succeededFuture(answer);
  }
}
