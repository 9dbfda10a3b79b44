package dev.ducat.launcher.psp;

import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.ducat.kernel.time.Clock;
import dev.ducat.launcher.client.Answer;
import dev.ducat.launcher.client.CallFailure;
import dev.ducat.launcher.client.DucatClient;
import dev.ducat.proto.connector.v1.AuthorizeRequest;
import dev.ducat.proto.connector.v1.Capabilities;
import dev.ducat.proto.connector.v1.CaptureRequest;
import dev.ducat.proto.connector.v1.GetCapabilitiesRequest;
import dev.ducat.proto.connector.v1.GetOperationRequest;
import dev.ducat.proto.connector.v1.OperationKind;
import dev.ducat.proto.connector.v1.OperationResult;
import dev.ducat.proto.connector.v1.RefundRequest;
import dev.ducat.proto.connector.v1.VoidRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.type.v1.Money;
import dev.ducat.saga.connector.ConnectorServiceMethods;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** An adapter as the checks speak to it: with the requests that Ducat would send. */
final class Adapter {
  private static final String TENANT = "conformance";
  private static final String MERCHANT = "conformance";
  private static final Duration MARGIN = Duration.ofSeconds(2);

  private final DucatClient client;
  private final SocketAddress address;
  private final Conformance.Options options;
  private final Clock clock;

  Adapter(DucatClient client, SocketAddress address, Conformance.Options options, Clock clock) {
    this.client = client;
    this.address = address;
    this.options = options;
    this.clock = clock;
  }

  /**
   * A call's outcome, or the status it ended with.
   *
   * @param asked the kind of operation it was about
   */
  record Reply(OperationResult result, GrpcStatus status, OperationKind asked) {
    boolean isOk() {
      return status == GrpcStatus.OK;
    }

    /** In a few words, for the report. */
    String words() {
      if (!isOk()) {
        return status.name();
      }
      return switch (result.getOutcomeCase()) {
        case DONE ->
            "Done "
                + result.getDone().getAmount().getMinorUnits()
                + " "
                + result.getDone().getAmount().getCurrencyCode()
                + " as "
                + result.getDone().getConnectorReference();
        case DECLINED -> "Declined " + result.getDeclined().getReasonCode();
        case PENDING -> "Pending";
        case RETRYABLE -> "Retryable " + result.getRetryable().getMessage();
        case NOT_FOUND -> "NotFound";
        case OUTCOME_NOT_SET -> "no outcome";
      };
    }
  }

  Capabilities capabilities() {
    return await(
            client.call(
                address,
                ConnectorServiceMethods.GET_CAPABILITIES,
                GetCapabilitiesRequest.getDefaultInstance(),
                options.timeout()),
            options.timeout())
        .message();
  }

  Reply authorize(String key, long amount) {
    return reply(authorizing(key, amount, options.method(), options.timeout()));
  }

  Reply authorize(String key, long amount, String method) {
    return reply(authorizing(key, amount, method, options.timeout()));
  }

  Future<Reply> authorizing(String key, long amount, String method, Duration timeout) {
    return call(
        OperationKind.OPERATION_KIND_AUTHORIZE,
        ConnectorServiceMethods.AUTHORIZE,
        AuthorizeRequest.newBuilder()
            .setOperationKey(key)
            .setTenant(TENANT)
            .setPaymentId(payment(key))
            .setMerchantAccount(MERCHANT)
            .setPaymentMethod(method)
            .setAmount(money(amount, options.currency()))
            .setDeadline(deadline(timeout))
            .setCaptureMode(CaptureMode.CAPTURE_MODE_AUTOMATIC)
            .build(),
        timeout);
  }

  Reply capture(String key, String authorization, long amount, String currency) {
    return reply(
        call(
            OperationKind.OPERATION_KIND_CAPTURE,
            ConnectorServiceMethods.CAPTURE,
            CaptureRequest.newBuilder()
                .setOperationKey(key)
                .setAuthorizationKey(authorization)
                .setTenant(TENANT)
                .setPaymentId(payment(authorization))
                .setMerchantAccount(MERCHANT)
                .setPaymentMethod(options.method())
                .setAmount(money(amount, currency))
                .setDeadline(deadline(options.timeout()))
                .build(),
            options.timeout()));
  }

  Reply release(String key, String authorization, long amount) {
    return reply(
        call(
            OperationKind.OPERATION_KIND_VOID,
            ConnectorServiceMethods.VOID,
            VoidRequest.newBuilder()
                .setOperationKey(key)
                .setAuthorizationKey(authorization)
                .setTenant(TENANT)
                .setPaymentId(payment(authorization))
                .setMerchantAccount(MERCHANT)
                .setPaymentMethod(options.method())
                .setAmount(money(amount, options.currency()))
                .setDeadline(deadline(options.timeout()))
                .build(),
            options.timeout()));
  }

  Reply refund(String key, String authorization, String capture, long amount, String currency) {
    return reply(
        call(
            OperationKind.OPERATION_KIND_REFUND,
            ConnectorServiceMethods.REFUND,
            RefundRequest.newBuilder()
                .setOperationKey(key)
                .setAuthorizationKey(authorization)
                .setCaptureKey(capture)
                .setTenant(TENANT)
                .setPaymentId(payment(authorization))
                .setRefundId("re_" + key)
                .setMerchantAccount(MERCHANT)
                .setPaymentMethod(options.method())
                .setAmount(money(amount, currency))
                .setDeadline(deadline(options.timeout()))
                .build(),
            options.timeout()));
  }

  Reply ask(String key, OperationKind kind) {
    return reply(
        call(
            kind,
            ConnectorServiceMethods.GET_OPERATION,
            GetOperationRequest.newBuilder()
                .setOperationKey(key)
                .setKind(kind)
                .setTenant(TENANT)
                .setPaymentId(payment(key))
                .setMerchantAccount(MERCHANT)
                .setDeadline(deadline(options.timeout()))
                .build(),
            options.timeout()));
  }

  Reply reply(Future<Reply> asked) {
    return await(asked, options.timeout());
  }

  private <Q extends Message> Future<Reply> call(
      OperationKind asked, ServiceMethod<OperationResult, Q> method, Q request, Duration timeout) {
    return client
        .call(address, method, request, timeout)
        .map(Answer::message)
        .map(result -> new Reply(result, GrpcStatus.OK, asked))
        .recover(
            failure ->
                failure instanceof CallFailure known
                    ? Future.succeededFuture(
                        new Reply(OperationResult.getDefaultInstance(), known.status(), asked))
                    : Future.failedFuture(failure));
  }

  private static <T> T await(Future<T> future, Duration timeout) {
    try {
      return future.await(timeout.plus(MARGIN).toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException hanging) {
      throw new Deviation("no answer");
    }
  }

  /** Capture, void and refund name the authorize, and all of one payment its payment. */
  private static String payment(String authorization) {
    return "pay_" + authorization.replaceAll("/.*", "");
  }

  private static Money money(long amount, String currency) {
    return Money.newBuilder().setCurrencyCode(currency).setMinorUnits(amount).build();
  }

  private Timestamp deadline(Duration timeout) {
    Instant time = clock.now().plus(timeout);
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }
}
