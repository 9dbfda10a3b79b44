package dev.ducat.gateway;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.ducat.gateway.Problem.Violation;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.proto.internal.v1.Refusal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place where failures become gRPC statuses (AIP-193): always with an ErrorInfo of the
 * domain {@code ducat.dev}, and with the further details that the code calls for.
 */
final class ErrorMapper {
  private static final Logger LOG = LoggerFactory.getLogger(ErrorMapper.class);
  private static final String DOMAIN = "ducat.dev";
  private static final String REASON_PREFIX = "REFUSAL_REASON_";

  /** Long enough for a burst to pass, short enough that a caller need not give up. */
  static final Duration RETRY_OVERLOADED = Duration.ofMillis(200);

  /** About what another node, or a database that returns, needs. */
  private static final Duration RETRY_ELSEWHERE = Duration.ofSeconds(1);

  /** All of a status travels in a header block, of which clients take 8 KiB. */
  private static final int VIOLATIONS_MAX = 16;

  private ErrorMapper() {}

  /** The status of any failure; what nobody foresaw is logged under an id that the client sees. */
  static Status status(Throwable failure) {
    return switch (failure) {
      case ProblemException expected -> status(expected.problem());
      case BusException unanswered -> unanswered(unanswered);
      default -> defect(failure);
    };
  }

  static Status status(Problem problem) {
    return switch (problem) {
      case Problem.InvalidRequest invalid -> invalid(invalid.violations());
      case Problem.Malformed malformed ->
          error(Code.INVALID_ARGUMENT, "INVALID_REQUEST", malformed.why());
      case Problem.Refused refused -> refused(refused.refusal());
      case Problem.UnknownMethod unknown ->
          error(
              Code.UNIMPLEMENTED,
              "METHOD_UNKNOWN",
              "there is no method " + unknown.path() + " on this port");
      case Problem.NotImplemented missing ->
          error(
              Code.UNIMPLEMENTED,
              "NOT_IMPLEMENTED",
              missing.what() + " is not implemented in this version");
      case Problem.EncodingNotSupported compressed ->
          error(
              Code.UNIMPLEMENTED,
              "ENCODING_NOT_SUPPORTED",
              "messages are taken uncompressed only (grpc-encoding: identity)");
      case Problem.TooLarge large ->
          error(
              Code.RESOURCE_EXHAUSTED,
              "MESSAGE_TOO_LARGE",
              "a message to this service may have at most " + large.bytesMax() + " bytes");
      case Problem.Overloaded busy -> overloaded(busy.retryAfter());
      case Problem.Draining leaving ->
          retry(
              Code.UNAVAILABLE,
              "DRAINING",
              "this node is going away: ask again with the same key",
              RETRY_ELSEWHERE);
      case Problem.DependencyDown down -> dependencyDown();
      case Problem.DeadlineBeforeStart early ->
          error(
              Code.DEADLINE_EXCEEDED,
              "DEADLINE_EXCEEDED",
              "the deadline had passed before the call began: nothing was done");
      case Problem.DeadlineExceeded late ->
          error(
              Code.DEADLINE_EXCEEDED,
              "DEADLINE_EXCEEDED",
              "the deadline has passed; the work may go on: ask again with the same key or id");
      case Problem.UnknownService unknown ->
          error(Code.NOT_FOUND, "SERVICE_UNKNOWN", "there is no such service on this port");
    };
  }

  private static Status refused(Refusal refusal) {
    return switch (refusal.getReason()) {
      case REFUSAL_REASON_IDEMPOTENCY_KEY_REUSED ->
          error(
              Code.ALREADY_EXISTS,
              "IDEMPOTENCY_KEY_REUSED",
              refusal.getMessage(),
              Map.of("field", refusal.getField()));
      case REFUSAL_REASON_PAYMENT_NOT_FOUND ->
          error(Code.NOT_FOUND, "PAYMENT_NOT_FOUND", refusal.getMessage());
      case REFUSAL_REASON_ACCOUNT_NOT_FOUND ->
          error(Code.NOT_FOUND, "ACCOUNT_NOT_FOUND", refusal.getMessage());
      case REFUSAL_REASON_TRANSFER_NOT_FOUND ->
          error(Code.NOT_FOUND, "TRANSFER_NOT_FOUND", refusal.getMessage());
      case REFUSAL_REASON_REFUND_NOT_FOUND ->
          error(Code.NOT_FOUND, "REFUND_NOT_FOUND", refusal.getMessage());
      case REFUSAL_REASON_OPERATION_NOT_FOUND ->
          error(Code.NOT_FOUND, "OPERATION_NOT_FOUND", refusal.getMessage());
      case REFUSAL_REASON_SAGA_NOT_FOUND ->
          error(Code.NOT_FOUND, "SAGA_NOT_FOUND", refusal.getMessage());
      case REFUSAL_REASON_EVENT_NOT_FOUND ->
          error(Code.NOT_FOUND, "EVENT_NOT_FOUND", refusal.getMessage());
      case REFUSAL_REASON_VERSION_MISMATCH ->
          error(Code.ABORTED, "VERSION_MISMATCH", refusal.getMessage());
      case REFUSAL_REASON_WRONG_STATE -> precondition("WRONG_STATE", refusal);
      case REFUSAL_REASON_PAYMENT_NOT_CAPTURABLE,
          REFUSAL_REASON_CAPTURE_EXCEEDS_CAPTURABLE,
          REFUSAL_REASON_PAYMENT_NOT_CANCELABLE,
          REFUSAL_REASON_PAYMENT_NOT_REFUNDABLE,
          REFUSAL_REASON_REFUND_EXCEEDS_CAPTURED,
          REFUSAL_REASON_OPERATION_IN_PROGRESS,
          REFUSAL_REASON_ACCOUNT_NOT_CLOSABLE,
          REFUSAL_REASON_SAGA_ENDED,
          REFUSAL_REASON_SAGA_SLEEPS,
          REFUSAL_REASON_SAGA_CAPTURED,
          REFUSAL_REASON_SAGA_OUTCOME_UNKNOWN,
          REFUSAL_REASON_SAGA_NOT_IN_DOUBT,
          REFUSAL_REASON_EVENT_WAITS_BEHIND,
          REFUSAL_REASON_AMOUNT_MISMATCH ->
          precondition(refusal.getReason().name().substring(REASON_PREFIX.length()), refusal);
      case REFUSAL_REASON_INVALID_ARGUMENT ->
          invalid(List.of(new Violation(refusal.getField(), refusal.getMessage(), false)));
      case REFUSAL_REASON_ACCOUNT_EXISTS_DIFFERENT ->
          error(
              Code.ALREADY_EXISTS,
              "ACCOUNT_EXISTS_WITH_DIFFERENT_PROPERTIES",
              refusal.getMessage(),
              Map.of("field", refusal.getField()));
      case REFUSAL_REASON_BUSY -> overloaded(RETRY_OVERLOADED);
      case REFUSAL_REASON_PLATFORM_ACCOUNT ->
          error(Code.PERMISSION_DENIED, "ACCOUNT_RESERVED", refusal.getMessage());
      case REFUSAL_REASON_UNSPECIFIED, UNRECOGNIZED ->
          defect(
              new IllegalStateException("a refusal of unknown reason " + refusal.getReasonValue()));
    };
  }

  private static Status unanswered(BusException failure) {
    return switch (failure.failure()) {
      case BUSY -> overloaded(RETRY_OVERLOADED);
      // A timeout means unknown, never failed.
      case TIMEOUT -> status(new Problem.DeadlineExceeded());
      case NO_HANDLERS, NOT_OWNER, DRAINING, UNAVAILABLE -> dependencyDown();
      case INTERNAL, REJECTED -> defect(failure);
    };
  }

  private static Status invalid(List<Violation> violations) {
    boolean sensitive = violations.stream().anyMatch(Violation::sensitive);
    BadRequest.Builder fields = BadRequest.newBuilder();
    StringBuilder text = new StringBuilder();
    for (Violation violation : violations.subList(0, named(violations))) {
      fields
          .addFieldViolationsBuilder()
          .setField(violation.field())
          .setDescription(violation.description());
      text.append(text.isEmpty() ? "" : "; ");
      text.append(violation.field()).append(": ").append(violation.description());
    }
    if (named(violations) < violations.size()) {
      text.append("; and ").append(violations.size() - named(violations)).append(" more");
    }
    return error(
        Code.INVALID_ARGUMENT,
        sensitive ? "SENSITIVE_DATA" : "INVALID_REQUEST",
        text.toString(),
        Map.of(),
        fields.build());
  }

  private static int named(List<Violation> violations) {
    return Math.min(violations.size(), VIOLATIONS_MAX);
  }

  private static Status precondition(String reason, Refusal refusal) {
    PreconditionFailure.Builder failure = PreconditionFailure.newBuilder();
    failure
        .addViolationsBuilder()
        .setType(refusal.getObstacle().isEmpty() ? "STATE" : refusal.getObstacle())
        .setSubject(refusal.getField())
        .setDescription(refusal.getMessage());
    return error(Code.FAILED_PRECONDITION, reason, refusal.getMessage(), Map.of(), failure.build());
  }

  private static Status overloaded(Duration retryAfter) {
    return retry(
        Code.RESOURCE_EXHAUSTED, "OVERLOADED", "too much work: nothing was done", retryAfter);
  }

  private static Status dependencyDown() {
    return retry(
        Code.UNAVAILABLE,
        "DEPENDENCY_DOWN",
        "what this call needs is not reachable at the moment: ask again with the same key",
        RETRY_ELSEWHERE);
  }

  private static Status defect(Throwable failure) {
    UUID errorId = UUID.randomUUID();
    LOG.error("error {}", errorId, failure);
    return error(
        Code.INTERNAL,
        "INTERNAL",
        "an internal error; its id is " + errorId,
        Map.of("error_id", errorId.toString()));
  }

  private static Status retry(Code code, String reason, String message, Duration after) {
    RetryInfo.Builder retry = RetryInfo.newBuilder();
    retry.getRetryDelayBuilder().setSeconds(after.getSeconds()).setNanos(after.getNano());
    return error(code, reason, message, Map.of(), retry.build());
  }

  private static Status error(Code code, String reason, String message) {
    return error(code, reason, message, Map.of());
  }

  private static Status error(
      Code code, String reason, String message, Map<String, String> metadata, Message... more) {
    Status.Builder status = Status.newBuilder().setCode(code.getNumber()).setMessage(message);
    status.addDetails(
        Any.pack(
            ErrorInfo.newBuilder()
                .setDomain(DOMAIN)
                .setReason(reason)
                .putAllMetadata(metadata)
                .build()));
    for (Message detail : more) {
      status.addDetails(Any.pack(detail));
    }
    return status.build();
  }
}
