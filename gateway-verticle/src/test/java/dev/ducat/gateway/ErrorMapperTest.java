package dev.ducat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorMapperTest {
  private static <M extends Message> boolean has(Status status, Class<M> detail) {
    return status.getDetailsList().stream().anyMatch(any -> any.is(detail));
  }

  private static String reason(Status status) {
    Any first = status.getDetails(0);
    try {
      ErrorInfo info = first.unpack(ErrorInfo.class);
      assertThat(info.getDomain()).isEqualTo("ducat.dev");
      assertThat(info.getReason()).matches("[A-Z][A-Z0-9_]+[A-Z0-9]");
      return info.getReason();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "IDEMPOTENCY_KEY_REUSED, ALREADY_EXISTS, IDEMPOTENCY_KEY_REUSED",
    "PAYMENT_NOT_FOUND, NOT_FOUND, PAYMENT_NOT_FOUND",
    "ACCOUNT_NOT_FOUND, NOT_FOUND, ACCOUNT_NOT_FOUND",
    "TRANSFER_NOT_FOUND, NOT_FOUND, TRANSFER_NOT_FOUND",
    "WRONG_STATE, FAILED_PRECONDITION, WRONG_STATE",
    "OPERATION_NOT_FOUND, NOT_FOUND, OPERATION_NOT_FOUND",
    "REFUND_NOT_FOUND, NOT_FOUND, REFUND_NOT_FOUND",
    "PAYMENT_NOT_CAPTURABLE, FAILED_PRECONDITION, PAYMENT_NOT_CAPTURABLE",
    "CAPTURE_EXCEEDS_CAPTURABLE, FAILED_PRECONDITION, CAPTURE_EXCEEDS_CAPTURABLE",
    "PAYMENT_NOT_CANCELABLE, FAILED_PRECONDITION, PAYMENT_NOT_CANCELABLE",
    "PAYMENT_NOT_REFUNDABLE, FAILED_PRECONDITION, PAYMENT_NOT_REFUNDABLE",
    "REFUND_EXCEEDS_CAPTURED, FAILED_PRECONDITION, REFUND_EXCEEDS_CAPTURED",
    "OPERATION_IN_PROGRESS, FAILED_PRECONDITION, OPERATION_IN_PROGRESS",
    "ACCOUNT_NOT_CLOSABLE, FAILED_PRECONDITION, ACCOUNT_NOT_CLOSABLE",
    "EVENT_NOT_FOUND, NOT_FOUND, EVENT_NOT_FOUND",
    "EVENT_WAITS_BEHIND, FAILED_PRECONDITION, EVENT_WAITS_BEHIND",
    "INVALID_ARGUMENT, INVALID_ARGUMENT, INVALID_REQUEST",
    "ACCOUNT_EXISTS_DIFFERENT, ALREADY_EXISTS, ACCOUNT_EXISTS_WITH_DIFFERENT_PROPERTIES",
    "BUSY, RESOURCE_EXHAUSTED, OVERLOADED",
    "PLATFORM_ACCOUNT, PERMISSION_DENIED, ACCOUNT_RESERVED",
    "UNSPECIFIED, INTERNAL, INTERNAL"
  })
  void mapsRefusals(String refusal, Code code, String reason) {
    Status status = refused(RefusalReason.valueOf("REFUSAL_REASON_" + refusal));
    assertThat(status.getCode()).isEqualTo(code.getNumber());
    assertThat(reason(status)).isEqualTo(reason);
  }

  private static Status refused(RefusalReason reason) {
    return ErrorMapper.status(
        new Problem.Refused(
            Refusal.newBuilder().setReason(reason).setMessage("why").setField("field").build()));
  }

  /** A reason that is added to the contract must be thought of here. */
  @ParameterizedTest
  @EnumSource(
      value = RefusalReason.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"UNRECOGNIZED", "REFUSAL_REASON_UNSPECIFIED"})
  void knowsEveryRefusal(RefusalReason reason) {
    assertThat(refused(reason).getCode()).isNotEqualTo(Code.INTERNAL_VALUE);
  }

  @Test
  void describesAWrongState() {
    Status status = refused(RefusalReason.REFUSAL_REASON_WRONG_STATE);
    assertThat(has(status, PreconditionFailure.class)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "NO_HANDLERS, UNAVAILABLE, DEPENDENCY_DOWN, true",
    "NOT_OWNER, UNAVAILABLE, DEPENDENCY_DOWN, true",
    "DRAINING, UNAVAILABLE, DEPENDENCY_DOWN, true",
    "UNAVAILABLE, UNAVAILABLE, DEPENDENCY_DOWN, true",
    "TIMEOUT, DEADLINE_EXCEEDED, DEADLINE_EXCEEDED, false",
    "BUSY, RESOURCE_EXHAUSTED, OVERLOADED, true",
    "INTERNAL, INTERNAL, INTERNAL, false"
  })
  void mapsUnansweredAsks(BusFailure failure, Code code, String reason, boolean retry) {
    Status status = ErrorMapper.status(new BusException(failure, "address: secret"));
    assertThat(status.getCode()).isEqualTo(code.getNumber());
    assertThat(reason(status)).isEqualTo(reason);
    assertThat(has(status, RetryInfo.class)).isEqualTo(retry);
    assertThat(status.toString()).doesNotContain("secret");
  }

  @Test
  void hidesDefects() {
    Status status = ErrorMapper.status(new IllegalStateException("select secret from table"));
    assertThat(status.getCode()).isEqualTo(Code.INTERNAL_VALUE);
    assertThat(status.toString()).doesNotContain("secret");
  }
}
