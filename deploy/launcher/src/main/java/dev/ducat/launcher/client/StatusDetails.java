package dev.ducat.launcher.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.Status;
import dev.ducat.launcher.client.CallFailure.Details;
import dev.ducat.launcher.client.CallFailure.Violation;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Reads the header {@code grpc-status-details-bin}. */
final class StatusDetails {
  static final String HEADER = "grpc-status-details-bin";

  private StatusDetails() {}

  /** What the header says; nothing when it cannot be read, for an error must not hide another. */
  static Details parse(String base64) {
    try {
      return of(Status.parseFrom(Base64.getDecoder().decode(base64.strip())));
    } catch (IllegalArgumentException | InvalidProtocolBufferException unreadable) {
      return Details.NONE;
    }
  }

  private static Details of(Status status) throws InvalidProtocolBufferException {
    String reason = "";
    Map<String, String> metadata = Map.of();
    List<Violation> violations = new ArrayList<>();
    for (Any detail : status.getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        ErrorInfo info = detail.unpack(ErrorInfo.class);
        reason = info.getReason();
        metadata = info.getMetadataMap();
      } else if (detail.is(BadRequest.class)) {
        detail.unpack(BadRequest.class).getFieldViolationsList().stream()
            .map(one -> new Violation("", one.getField(), one.getDescription()))
            .forEach(violations::add);
      } else if (detail.is(PreconditionFailure.class)) {
        detail.unpack(PreconditionFailure.class).getViolationsList().stream()
            .map(one -> new Violation(one.getType(), one.getSubject(), one.getDescription()))
            .forEach(violations::add);
      }
    }
    return new Details(reason, metadata, violations);
  }
}
