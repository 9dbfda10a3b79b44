package dev.ducat.gateway;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import dev.ducat.kernel.time.Clock;
import dev.ducat.proto.connector.v1.AuthorizeRequest;
import dev.ducat.proto.connector.v1.Capabilities;
import dev.ducat.proto.connector.v1.CaptureRequest;
import dev.ducat.proto.connector.v1.ConnectorServiceProto;
import dev.ducat.proto.connector.v1.GetCapabilitiesRequest;
import dev.ducat.proto.connector.v1.GetOperationRequest;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.RefundRequest;
import dev.ducat.proto.connector.v1.VoidRequest;
import dev.ducat.proto.internal.v1.ConnectorCall;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * A {@code ConnectorService} behind the same strict door as Ducat's own services: what is no call
 * never reaches the connector, and silence ends with the caller's deadline.
 */
public final class ConnectorServer {
  private static final String SERVICE = "ducat.connector.v1.ConnectorService";
  private static final int KEY_CHARS_MAX = 255;

  private final Vertx vertx;
  private final EdgeVerticle edge;
  private final String deployment;

  private ConnectorServer(Vertx vertx, EdgeVerticle edge, String deployment) {
    this.vertx = vertx;
    this.edge = edge;
    this.deployment = deployment;
  }

  /**
   * Serves a connector.
   *
   * @param port 0 for any free one
   * @param connector carries calls out; one that is never answered stays without answer
   */
  public static Future<ConnectorServer> start(
      Vertx vertx,
      Clock clock,
      String host,
      int port,
      Capabilities capabilities,
      Function<ConnectorCall, Future<OperationResult>> connector) {
    GatewaySettings settings = GatewaySettings.defaults().withAddress(host, port, 0);
    EdgeVerticle edge =
        new EdgeVerticle(
            settings,
            clock,
            () -> {},
            rpcs(capabilities, connector),
            new InFlight(settings.inFlightMax()),
            new InFlight(settings.streamsMax()),
            port);
    return vertx.deployVerticle(edge).map(id -> new ConnectorServer(vertx, edge, id));
  }

  /** The port that is really listened on. */
  public int port() {
    return edge.actualPort();
  }

  /** Ends it, after the calls in flight. */
  public Future<Void> close() {
    return vertx.undeploy(deployment);
  }

  private static Map<String, Rpc> rpcs(
      Capabilities capabilities, Function<ConnectorCall, Future<OperationResult>> connector) {
    Map<String, Rpc> rpcs = new HashMap<>();
    List.of(
            rpc("Authorize", AuthorizeRequest.parser(), ConnectorServer::authorize, connector),
            rpc("Capture", CaptureRequest.parser(), ConnectorServer::capture, connector),
            rpc("Void", VoidRequest.parser(), ConnectorServer::release, connector),
            rpc("Refund", RefundRequest.parser(), ConnectorServer::refund, connector),
            rpc("GetOperation", GetOperationRequest.parser(), ConnectorServer::ask, connector),
            new Rpc.Unary<GetCapabilitiesRequest, Capabilities>(
                path("GetCapabilities"),
                GetCapabilitiesRequest.parser(),
                Rpc.MESSAGE_BYTES_MAX,
                (call, request) -> Future.succeededFuture(capabilities)))
        .forEach(rpc -> rpcs.put(rpc.path(), rpc));
    new ReflectionEndpoint(
            List.of(ConnectorServiceProto.getDescriptor().findServiceByName("ConnectorService")))
        .rpcs()
        .forEach(rpc -> rpcs.put(rpc.path(), rpc));
    return Map.copyOf(rpcs);
  }

  private static <Q extends Message> Rpc rpc(
      String method,
      Parser<Q> parser,
      Function<Q, ConnectorCall> checked,
      Function<ConnectorCall, Future<OperationResult>> connector) {
    return new Rpc.Unary<Q, OperationResult>(
        path(method),
        parser,
        Rpc.MESSAGE_BYTES_MAX,
        (call, request) -> here(connector.apply(checked.apply(request))));
  }

  /**
   * The answer on the event loop of the call's connection, where a call lives. Connectors answer
   * from threads of their own.
   */
  private static Future<OperationResult> here(Future<OperationResult> answer) {
    Context loop = Objects.requireNonNull(Vertx.currentContext(), "not on the call's event loop");
    Promise<OperationResult> here = Promise.promise();
    answer.onComplete(
        result -> loop.runOnContext(now -> here.complete(result)),
        failure -> loop.runOnContext(now -> here.fail(failure)));
    return here.future();
  }

  private static String path(String method) {
    return "/" + SERVICE + "/" + method;
  }

  private static ConnectorCall authorize(AuthorizeRequest request) {
    check(request.getOperationKey(), request.getPaymentId(), request.getAmount()).done();
    return ConnectorCall.newBuilder().setAuthorize(request).build();
  }

  private static ConnectorCall capture(CaptureRequest request) {
    Check check = check(request.getOperationKey(), request.getPaymentId(), request.getAmount());
    key(check, "authorization_key", request.getAuthorizationKey());
    check.done();
    return ConnectorCall.newBuilder().setCapture(request).build();
  }

  private static ConnectorCall release(VoidRequest request) {
    Check check = check(request.getOperationKey(), request.getPaymentId(), request.getAmount());
    key(check, "authorization_key", request.getAuthorizationKey());
    check.done();
    return ConnectorCall.newBuilder().setVoid(request).build();
  }

  private static ConnectorCall refund(RefundRequest request) {
    Check check = check(request.getOperationKey(), request.getPaymentId(), request.getAmount());
    key(check, "authorization_key", request.getAuthorizationKey());
    check.done();
    return ConnectorCall.newBuilder().setRefund(request).build();
  }

  private static ConnectorCall ask(GetOperationRequest request) {
    Check check = new Check();
    key(check, "operation_key", request.getOperationKey());
    check.that(
        request.getKind() != OperationKind.OPERATION_KIND_UNSPECIFIED
            && request.getKind() != OperationKind.UNRECOGNIZED,
        "kind",
        "must be a kind of operation");
    check.done();
    return ConnectorCall.newBuilder().setGetOperation(request).build();
  }

  private static Check check(String operationKey, String paymentId, Money amount) {
    Check check = new Check();
    key(check, "operation_key", operationKey);
    check.that(!paymentId.isEmpty(), "payment_id", "must be there");
    check.currency("amount.currency_code", amount.getCurrencyCode());
    check.that(amount.getMinorUnits() > 0, "amount.minor_units", "must be greater than 0");
    return check;
  }

  /** Keys are random or derived: what looks like a card number in one is chance. */
  private static void key(Check check, String field, String key) {
    boolean fits =
        !key.isEmpty()
            && key.length() <= KEY_CHARS_MAX
            && key.chars().allMatch(c -> c >= ' ' && c <= '~');
    check.that(fits, field, "must be 1 to " + KEY_CHARS_MAX + " printable ASCII characters");
  }
}
