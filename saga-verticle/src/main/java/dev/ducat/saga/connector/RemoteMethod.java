package dev.ducat.saga.connector;

import com.google.protobuf.Message;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.internal.v1.ConnectorCall;
import io.vertx.grpc.common.ServiceMethod;

/** A call of a connector as one method of {@code ConnectorService} with its request. */
record RemoteMethod<Q extends Message>(ServiceMethod<OperationResult, Q> method, Q request) {
  static RemoteMethod<?> of(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> new RemoteMethod<>(ConnectorServiceMethods.AUTHORIZE, call.getAuthorize());
      case CAPTURE -> new RemoteMethod<>(ConnectorServiceMethods.CAPTURE, call.getCapture());
      case VOID -> new RemoteMethod<>(ConnectorServiceMethods.VOID, call.getVoid());
      case REFUND -> new RemoteMethod<>(ConnectorServiceMethods.REFUND, call.getRefund());
      case GET_OPERATION ->
          new RemoteMethod<>(ConnectorServiceMethods.GET_OPERATION, call.getGetOperation());
      case CALL_NOT_SET -> throw new IllegalArgumentException("a call without operation");
    };
  }

  /** For metrics: {@code Authorize}. */
  String name() {
    return method.methodName();
  }
}
