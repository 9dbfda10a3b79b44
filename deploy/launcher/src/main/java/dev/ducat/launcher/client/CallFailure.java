package dev.ducat.launcher.client;

import io.vertx.grpc.common.GrpcStatus;
import java.util.List;
import java.util.Map;

/** A call that ended with a status other than OK, or with none. */
public final class CallFailure extends RuntimeException {
  private final GrpcStatus status;
  private final transient Details details;

  /**
   * What {@code grpc-status-details-bin} said, empty where it said nothing.
   *
   * @param reason ErrorInfo's, for example {@code IDEMPOTENCY_KEY_REUSED}
   * @param metadata ErrorInfo's
   * @param violations of BadRequest and PreconditionFailure
   */
  public record Details(String reason, Map<String, String> metadata, List<Violation> violations) {
    static final Details NONE = new Details("", Map.of(), List.of());

    public Details {
      metadata = Map.copyOf(metadata);
      violations = List.copyOf(violations);
    }
  }

  /**
   * One field, or state, that is not as it must be.
   *
   * @param type of a precondition: what the call lost by, such as {@code ALREADY_CAPTURED}; else
   *     empty
   */
  public record Violation(String type, String field, String description) {}

  public CallFailure(GrpcStatus status, String message, Details details) {
    super(message);
    this.status = status;
    this.details = details;
  }

  public GrpcStatus status() {
    return status;
  }

  public Details details() {
    return details;
  }

  /**
   * Whether nothing happened and nothing will: the server has understood the request and refused
   * it. Otherwise the outcome is unknown until the same key is asked again.
   */
  public boolean isDefinite() {
    return switch (status) {
      case INVALID_ARGUMENT,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          UNAUTHENTICATED,
          FAILED_PRECONDITION,
          OUT_OF_RANGE,
          UNIMPLEMENTED ->
          true;
      case OK,
          CANCELLED,
          UNKNOWN,
          DEADLINE_EXCEEDED,
          RESOURCE_EXHAUSTED,
          ABORTED,
          INTERNAL,
          UNAVAILABLE,
          DATA_LOSS ->
          false;
    };
  }

  /** Several lines for people: what was refused, why, and which fields. */
  public String explain() {
    StringBuilder out = new StringBuilder(String.valueOf(getMessage()));
    out.append(" (").append(status.name());
    if (!details.reason().isEmpty()) {
      out.append(", ").append(details.reason());
    }
    out.append(')');
    String field = details.metadata().get("field");
    if (field != null && details.violations().isEmpty()) {
      out.append("\n  field: ").append(field);
    }
    for (Violation violation : details.violations()) {
      out.append("\n  ").append(violation.field()).append(": ").append(violation.description());
      out.append(violation.type().isEmpty() ? "" : " (" + violation.type() + ")");
    }
    return out.toString();
  }
}
