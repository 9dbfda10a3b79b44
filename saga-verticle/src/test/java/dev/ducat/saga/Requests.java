package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.bus.Bus;
import dev.ducat.kernel.id.PaymentId;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.proto.internal.v1.CreatePaymentCommand;
import dev.ducat.proto.internal.v1.OperationCommand;
import dev.ducat.proto.internal.v1.PaymentQueryReply;
import dev.ducat.proto.internal.v1.PaymentQueryRequest;
import dev.ducat.proto.internal.v1.ShardReply;
import dev.ducat.proto.internal.v1.ShardRequest;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Future;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;

/** Requests as the gateway sends them. */
final class Requests {
  static final int SHARDS = 64;
  static final Duration WAIT = Duration.ofSeconds(10);

  private Requests() {}

  static CreatePaymentRequest payment(String key, String method, long minorUnits) {
    return CreatePaymentRequest.newBuilder()
        .setIdempotencyKey(key)
        .setAmount(Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(minorUnits))
        .setPaymentMethod(method)
        .setMerchantAccount("acme")
        .setReference("order-" + key)
        .putMetadata("cart", "7")
        .build();
  }

  static ShardRequest command(String tenant, CreatePaymentRequest request, Duration wait) {
    ByteString canonical = request.toBuilder().clearIdempotencyKey().build().toByteString();
    return ShardRequest.newBuilder()
        .setTenant(tenant)
        .setWaitMs(wait.toMillis())
        .setCreate(
            CreatePaymentCommand.newBuilder()
                .setRequest(request)
                .setCanonical(canonical)
                .setFingerprint(ByteString.copyFrom(sha256(canonical.toByteArray()))))
        .build();
  }

  /** An operation as the gateway sends it. */
  static ShardRequest operation(String tenant, OperationCommand command, Duration wait) {
    OperationCommand.Builder keyless = command.toBuilder();
    switch (command.getRequestCase()) {
      case CAPTURE -> keyless.getCaptureBuilder().clearIdempotencyKey();
      case CANCEL -> keyless.getCancelBuilder().clearIdempotencyKey();
      case REFUND -> keyless.getRefundBuilder().clearIdempotencyKey();
      case REQUEST_NOT_SET -> throw new IllegalArgumentException("no operation");
    }
    ByteString canonical =
        switch (command.getRequestCase()) {
          case CAPTURE -> keyless.getCapture().toByteString();
          case CANCEL -> keyless.getCancel().toByteString();
          case REFUND -> keyless.getRefund().toByteString();
          case REQUEST_NOT_SET -> ByteString.EMPTY;
        };
    return ShardRequest.newBuilder()
        .setTenant(tenant)
        .setWaitMs(wait.toMillis())
        .setOperate(
            command.toBuilder()
                .setCanonical(canonical)
                .setFingerprint(ByteString.copyFrom(sha256(canonical.toByteArray()))))
        .build();
  }

  static Future<ShardReply> ask(Bus bus, String tenant, OperationCommand command) {
    return ask(bus, tenant, command, WAIT);
  }

  static Future<ShardReply> ask(Bus bus, String tenant, OperationCommand command, Duration wait) {
    PaymentId id = PaymentId.parse(OperationRules.paymentOf(command)).orElseThrow();
    return bus.ask(
        UnitKind.PAYMENT_SHARD.address(id.shard()),
        operation(tenant, command, wait),
        ShardReply.getDefaultInstance(),
        Duration.ofSeconds(15));
  }

  static OperationCommand capture(String payment, String key, long minorUnits, boolean keep) {
    CapturePaymentRequest.Builder request =
        CapturePaymentRequest.newBuilder()
            .setPaymentId(payment)
            .setIdempotencyKey(key)
            .setKeepRemainder(keep);
    if (minorUnits > 0) {
      request.setAmount(eur(minorUnits));
    }
    return OperationCommand.newBuilder().setCapture(request).build();
  }

  static OperationCommand cancel(String payment, String key) {
    return OperationCommand.newBuilder()
        .setCancel(
            CancelPaymentRequest.newBuilder()
                .setPaymentId(payment)
                .setIdempotencyKey(key)
                .setReason("the customer left"))
        .build();
  }

  static OperationCommand refund(String payment, String key, long minorUnits) {
    RefundPaymentRequest.Builder request =
        RefundPaymentRequest.newBuilder()
            .setPaymentId(payment)
            .setIdempotencyKey(key)
            .setReason("it broke");
    if (minorUnits > 0) {
      request.setAmount(eur(minorUnits));
    }
    return OperationCommand.newBuilder().setRefund(request).build();
  }

  private static Money eur(long minorUnits) {
    return Money.newBuilder().setCurrencyCode("EUR").setMinorUnits(minorUnits).build();
  }

  static int shardOf(String tenant, String key) {
    return UnitKind.hash(SHARDS, tenant, key);
  }

  static Future<ShardReply> ask(Bus bus, String tenant, CreatePaymentRequest request) {
    return ask(bus, tenant, request, WAIT);
  }

  static Future<ShardReply> ask(
      Bus bus, String tenant, CreatePaymentRequest request, Duration wait) {
    return bus.ask(
        UnitKind.PAYMENT_SHARD.address(shardOf(tenant, request.getIdempotencyKey())),
        command(tenant, request, wait),
        ShardReply.getDefaultInstance(),
        Duration.ofSeconds(15));
  }

  /** What would become of a payment. */
  static Payment rehearse(Bus bus, String tenant, CreatePaymentRequest request) {
    PaymentQueryReply reply =
        TestNode.await(
            query(
                bus,
                PaymentQueryRequest.newBuilder().setTenant(tenant).setValidate(request).build()));
    assertThat(reply.hasPayment()).as("%s", reply).isTrue();
    return reply.getPayment();
  }

  static Future<PaymentQueryReply> query(Bus bus, PaymentQueryRequest request) {
    return bus.ask(
        "payment.query", request, PaymentQueryReply.getDefaultInstance(), Duration.ofSeconds(5));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
