package dev.ducat.gateway;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.ducat.kernel.node.Node;
import dev.ducat.kernel.shard.ShardSettings;
import dev.ducat.proto.connector.v1.ConnectorCallbackServiceGrpcService;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcService;
import dev.ducat.proto.operations.v1.OperationsServiceGrpcService;
import dev.ducat.proto.payments.v1.PaymentServiceGrpcService;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way in. Deployed once per process; it spreads itself over event loops: each has an HTTP/2
 * server of its own on the one public port, and the operators' port has one.
 */
public final class GatewayVerticle extends VerticleBase {
  private final Node node;
  private final GatewaySettings settings;
  private @Nullable IdempotencyClaims claims;
  private @Nullable HealthChecks health;
  private @Nullable EdgeVerticle first;
  private @Nullable EdgeVerticle operations;

  public GatewayVerticle(Node node, GatewaySettings settings) {
    this.node = node;
    this.settings = settings;
  }

  /** The public port; known once the verticle is deployed. */
  public int port() {
    return Objects.requireNonNull(first, "not deployed").actualPort();
  }

  /** The operators' port; known once the verticle is deployed. */
  public int operationsPort() {
    return Objects.requireNonNull(operations, "not deployed").actualPort();
  }

  /** What {@link #build} makes and {@link #open} deploys; more of {@code leader} share its port. */
  private record Doors(
      HealthChecks checks,
      EdgeVerticle leader,
      Supplier<EdgeVerticle> another,
      EdgeVerticle operators) {}

  @Override
  public Future<?> start() {
    return vertx.executeBlocking(this::build).compose(this::open);
  }

  /**
   * Off the event loop: this loads some thousand classes (Lettuce, descriptors), and lanes whose
   * connections live on the same loop would stand still, maybe beyond their leases.
   */
  private Doors build() {
    InFlight calls = new InFlight(settings.inFlightMax());
    InFlight streams = new InFlight(settings.streamsMax());
    Gauge.builder("ducat.gateway.calls.in.flight", calls, InFlight::now).register(node.meters());
    Gauge.builder("ducat.gateway.streams.open", streams, InFlight::now).register(node.meters());
    IdempotencyClaims redis =
        new IdempotencyClaims(
            vertx,
            node.clock(),
            settings.redisUri(),
            node.leases().owner().toString(),
            node.meters());
    claims = redis;
    redis.start();
    HealthChecks checks = new HealthChecks(vertx, node.bus(), node.leases().settings());
    health = checks;

    ShardSettings units = node.leases().settings();
    ShardClient shards = new ShardClient(vertx, node.bus(), units.shards(), units.ledgerLanes());
    List<Rpc> implemented = new ArrayList<>();
    implemented.addAll(new PaymentEndpoint(vertx, node.clock(), settings, shards, redis).rpcs());
    implemented.addAll(new OperationEndpoint(node.clock(), settings, shards, redis).rpcs());
    implemented.addAll(new CallbackEndpoint(shards).rpcs());
    implemented.addAll(new LedgerEndpoint(node.clock(), shards).rpcs());
    HealthEndpoint healthEndpoint = new HealthEndpoint(vertx, checks);
    Map<String, Rpc> publicRpcs =
        rpcs(
            implemented,
            healthEndpoint,
            PaymentServiceGrpcService.SERVICE_DESCRIPTOR,
            LedgerServiceGrpcService.SERVICE_DESCRIPTOR,
            ConnectorCallbackServiceGrpcService.SERVICE_DESCRIPTOR);
    List<Rpc> forOperators = new ArrayList<>(new SagaEndpoint(shards).rpcs());
    forOperators.addAll(new DeadEventEndpoint(shards).rpcs());
    forOperators.addAll(new VerifyEndpoint(node.bus()).rpcs());
    Map<String, Rpc> operationsRpcs =
        rpcs(forOperators, healthEndpoint, OperationsServiceGrpcService.SERVICE_DESCRIPTOR);

    EdgeVerticle leader = edge(checks, publicRpcs, calls, streams, shareable(settings.port(), -1));
    EdgeVerticle operators =
        edge(checks, operationsRpcs, calls, streams, shareable(settings.operationsPort(), -2));
    first = leader;
    operations = operators;
    return new Doors(
        checks, leader, () -> edge(checks, publicRpcs, calls, streams, leader.port()), operators);
  }

  private Future<?> open(Doors doors) {
    return doors
        .checks()
        .runOnce()
        .compose(done -> deploy(doors.leader()))
        .compose(
            done -> {
              List<Future<Void>> all = new ArrayList<>();
              for (int i = 1; i < settings.eventLoops(); i++) {
                all.add(deploy(doors.another().get()));
              }
              all.add(deploy(doors.operators()));
              return Future.all(all);
            })
        .onSuccess(done -> doors.checks().start());
  }

  /** Its event loops have stopped already, each after its calls in flight: see EdgeVerticle. */
  @Override
  public Future<?> stop() {
    HealthChecks checks = health;
    if (checks != null) {
      checks.stop();
    }
    IdempotencyClaims redis = claims;
    return redis == null ? Future.succeededFuture() : redis.stop();
  }

  /** Vert.x shares a free port among those who ask for it by the same negative number. */
  private static int shareable(int port, int name) {
    return port == 0 ? name : port;
  }

  private EdgeVerticle edge(
      HealthChecks checks, Map<String, Rpc> rpcs, InFlight calls, InFlight streams, int port) {
    return new EdgeVerticle(settings, node.clock(), checks::drain, rpcs, calls, streams, port);
  }

  private Future<Void> deploy(EdgeVerticle server) {
    return vertx.deployVerticle(server).mapEmpty();
  }

  /**
   * What a port answers to: what is implemented, and UNIMPLEMENTED for the rest of its services.
   */
  private static Map<String, Rpc> rpcs(
      List<Rpc> implemented, HealthEndpoint health, ServiceDescriptor... services) {
    Map<String, Rpc> all = new HashMap<>();
    for (ServiceDescriptor service : services) {
      for (MethodDescriptor method : service.getMethods()) {
        String path = "/" + service.getFullName() + "/" + method.getName();
        all.put(path, new Rpc.NotImplemented(path));
      }
    }
    implemented.forEach(rpc -> all.put(rpc.path(), rpc));
    health.rpcs().forEach(rpc -> all.put(rpc.path(), rpc));
    new ReflectionEndpoint(List.of(services)).rpcs().forEach(rpc -> all.put(rpc.path(), rpc));
    return Map.copyOf(all);
  }
}
