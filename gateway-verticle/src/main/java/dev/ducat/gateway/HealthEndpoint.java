package dev.ducat.gateway;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.vertx.grpc.health.v1.HealthListRequest;
import io.vertx.grpc.health.v1.HealthListResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** grpc.health.v1.Health over {@link HealthChecks}: Check, List and Watch. */
final class HealthEndpoint {
  static final String PREFIX = "/grpc.health.v1.Health/";

  private final Vertx vertx;
  private final HealthChecks checks;

  HealthEndpoint(Vertx vertx, HealthChecks checks) {
    this.vertx = vertx;
    this.checks = checks;
  }

  List<Rpc> rpcs() {
    int max = Rpc.MESSAGE_BYTES_MAX;
    var checkParser = Rpc.parserOf(HealthCheckRequest.getDefaultInstance());
    var listParser = Rpc.parserOf(HealthListRequest.getDefaultInstance());
    return List.of(
        new Rpc.Unary<>(PREFIX + "Check", checkParser, max, this::check),
        new Rpc.Unary<>(PREFIX + "List", listParser, max, this::list),
        new Rpc.ServerStreaming<>(PREFIX + "Watch", checkParser, max, this::watch));
  }

  private Future<HealthCheckResponse> check(
      UnaryCall<HealthCheckRequest, HealthCheckResponse> call, HealthCheckRequest request) {
    Boolean state = checks.states().get(request.getService());
    if (state == null) {
      throw new Problem.UnknownService().asException();
    }
    return Future.succeededFuture(response(state));
  }

  private Future<HealthListResponse> list(
      UnaryCall<HealthListRequest, HealthListResponse> call, HealthListRequest request) {
    HealthListResponse.Builder all = HealthListResponse.newBuilder();
    checks.states().forEach((service, state) -> all.putStatuses(service, response(state)));
    return Future.succeededFuture(all.build());
  }

  private void watch(
      StreamCall<HealthCheckRequest, HealthCheckResponse> call, HealthCheckRequest request) {
    Context context = vertx.getOrCreateContext();
    Watcher watcher = new Watcher(call, request.getService());
    Runnable listener = () -> context.runOnContext(nothing -> watcher.tell());
    call.whenDone(() -> checks.forget(listener));
    checks.listen(listener);
    watcher.tell();
  }

  /** Tells one client what it has not been told yet. */
  private final class Watcher {
    private final StreamCall<HealthCheckRequest, HealthCheckResponse> call;
    private final String service;
    private @Nullable HealthCheckResponse told;

    Watcher(StreamCall<HealthCheckRequest, HealthCheckResponse> call, String service) {
      this.call = call;
      this.service = service;
    }

    void tell() {
      HealthCheckResponse now = response(checks.states().get(service));
      if (!now.equals(told)) {
        told = now;
        call.next(now);
      }
    }
  }

  private static HealthCheckResponse response(@Nullable Boolean state) {
    ServingStatus status;
    if (state == null) {
      status = ServingStatus.SERVICE_UNKNOWN;
    } else {
      status = state ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    }
    return HealthCheckResponse.newBuilder().setStatus(status).build();
  }
}
