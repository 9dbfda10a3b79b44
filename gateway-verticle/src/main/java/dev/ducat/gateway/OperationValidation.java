package dev.ducat.gateway;

import dev.ducat.gateway.Check.Characters;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.ListRefundsRequest;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.proto.type.v1.Money;

/** What a request about a payment that exists must keep to, before anybody is asked. */
final class OperationValidation {
  private static final int REASON_CHARS_MAX = 255;

  private OperationValidation() {}

  static void check(CapturePaymentRequest request, long amountMax) {
    Check check = about(request.getPaymentId(), request.getIdempotencyKey());
    if (request.hasAmount()) {
      amount(check, request.getAmount(), amountMax);
    }
    check.done();
  }

  static void check(CancelPaymentRequest request) {
    Check check = about(request.getPaymentId(), request.getIdempotencyKey());
    reason(check, request.getReason());
    check.done();
  }

  static void check(RefundPaymentRequest request, long amountMax) {
    Check check = about(request.getPaymentId(), request.getIdempotencyKey());
    if (request.hasAmount()) {
      amount(check, request.getAmount(), amountMax);
    }
    reason(check, request.getReason());
    check.done();
  }

  static void check(ListRefundsRequest request) {
    Check check = new Check();
    PaymentValidation.paymentId(check, request.getPaymentId());
    check.pageSize("page_size", request.getPageSize());
    check.pageToken("page_token", request.getPageToken());
    check.done();
  }

  static void checkRefundId(String refundId) {
    Check check = new Check();
    check.that(
        IdKind.REFUND.parse(refundId).isPresent(), "refund_id", "must be the id of a refund, re_…");
    check.done();
  }

  private static Check about(String paymentId, String key) {
    Check check = new Check();
    PaymentValidation.paymentId(check, paymentId);
    PaymentValidation.key(check, key);
    return check;
  }

  private static void amount(Check check, Money amount, long max) {
    check.currency("amount.currency_code", amount.getCurrencyCode());
    long minor = amount.getMinorUnits();
    check.that(minor > 0 && minor <= max, "amount.minor_units", "must be 1 to " + max);
  }

  private static void reason(Check check, String reason) {
    check.text("reason", reason, 0, REASON_CHARS_MAX, Characters.LINE);
  }
}
