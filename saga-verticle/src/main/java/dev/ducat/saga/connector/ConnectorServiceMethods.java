package dev.ducat.saga.connector;

import com.google.protobuf.Message;
import dev.ducat.proto.connector.v1.AuthorizeRequest;
import dev.ducat.proto.connector.v1.Capabilities;
import dev.ducat.proto.connector.v1.CaptureRequest;
import dev.ducat.proto.connector.v1.GetCapabilitiesRequest;
import dev.ducat.proto.connector.v1.GetOperationRequest;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.RefundRequest;
import dev.ducat.proto.connector.v1.VoidRequest;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;

/**
 * {@code ducat.connector.v1.ConnectorService} for its client: bound by hand, because the generator
 * stumbles over a method named Void.
 */
public final class ConnectorServiceMethods {
  private static final ServiceName SERVICE =
      ServiceName.create("ducat.connector.v1", "ConnectorService");

  public static final ServiceMethod<OperationResult, AuthorizeRequest> AUTHORIZE =
      operation("Authorize");
  public static final ServiceMethod<OperationResult, CaptureRequest> CAPTURE = operation("Capture");
  public static final ServiceMethod<OperationResult, VoidRequest> VOID = operation("Void");
  public static final ServiceMethod<OperationResult, RefundRequest> REFUND = operation("Refund");
  public static final ServiceMethod<OperationResult, GetOperationRequest> GET_OPERATION =
      operation("GetOperation");
  public static final ServiceMethod<Capabilities, GetCapabilitiesRequest> GET_CAPABILITIES =
      ServiceMethod.client(
          SERVICE,
          "GetCapabilities",
          GrpcMessageEncoder.encoder(),
          GrpcMessageDecoder.decoder(Capabilities.newBuilder()));

  private ConnectorServiceMethods() {}

  private static <Q extends Message> ServiceMethod<OperationResult, Q> operation(String name) {
    return ServiceMethod.client(
        SERVICE,
        name,
        GrpcMessageEncoder.encoder(),
        GrpcMessageDecoder.decoder(OperationResult.newBuilder()));
  }
}
