package dev.ducat.saga.connector;

import com.google.protobuf.Timestamp;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.internal.v1.ConnectorCall;

/** What is common to the calls of a connector. */
final class ConnectorCalls {
  private ConnectorCalls() {}

  /** The key of the operation that a call is, or asks about. */
  static String keyOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> call.getAuthorize().getOperationKey();
      case CAPTURE -> call.getCapture().getOperationKey();
      case VOID -> call.getVoid().getOperationKey();
      case REFUND -> call.getRefund().getOperationKey();
      case GET_OPERATION -> call.getGetOperation().getOperationKey();
      case CALL_NOT_SET -> throw empty();
    };
  }

  /** The kind of that operation. */
  static OperationKind kindOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> OperationKind.OPERATION_KIND_AUTHORIZE;
      case CAPTURE -> OperationKind.OPERATION_KIND_CAPTURE;
      case VOID -> OperationKind.OPERATION_KIND_VOID;
      case REFUND -> OperationKind.OPERATION_KIND_REFUND;
      case GET_OPERATION -> call.getGetOperation().getKind();
      case CALL_NOT_SET -> throw empty();
    };
  }

  /** When the caller gives up; the default instance where it does not say. */
  static Timestamp deadlineOf(ConnectorCall call) {
    return switch (call.getCallCase()) {
      case AUTHORIZE -> call.getAuthorize().getDeadline();
      case CAPTURE -> call.getCapture().getDeadline();
      case VOID -> call.getVoid().getDeadline();
      case REFUND -> call.getRefund().getDeadline();
      case GET_OPERATION -> call.getGetOperation().getDeadline();
      case CALL_NOT_SET -> throw empty();
    };
  }

  private static IllegalArgumentException empty() {
    return new IllegalArgumentException("a call without operation");
  }
}
