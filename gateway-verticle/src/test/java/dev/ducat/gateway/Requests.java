package dev.ducat.gateway;

import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.type.v1.Money;

/** Requests that are in order, to be spoiled by tests. */
final class Requests {
  static final String CREATE = "/ducat.payments.v1.PaymentService/CreatePayment";
  static final String GET = "/ducat.payments.v1.PaymentService/GetPayment";
  static final String LOOKUP = "/ducat.payments.v1.PaymentService/LookupPayment";
  static final String LIST = "/ducat.payments.v1.PaymentService/ListPayments";
  static final String WATCH = "/ducat.payments.v1.PaymentService/WatchPayment";

  private Requests() {}

  static CreatePaymentRequest.Builder create(String key) {
    return CreatePaymentRequest.newBuilder()
        .setIdempotencyKey(key)
        .setAmount(Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(1_250))
        .setPaymentMethod("sim_ok")
        .setMerchantAccount("acme");
  }
}
