package dev.ducat.gateway;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CaptureMode;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What makes two requests the same: everything a request says about the payment, in one order of
 * bytes, without the key itself and without how long its caller waits.
 *
 * @param bytes the canonical request
 * @param fingerprint SHA-256 over the version of the canonical form and the bytes
 */
record Canonical(ByteString bytes, ByteString fingerprint) {
  /**
   * The version of the form. Whoever changes what {@link #of} does raises it: a fingerprint of
   * another form must never be taken for this request's.
   */
  private static final byte FORM = 1;

  static Canonical of(CreatePaymentRequest request) {
    CreatePaymentRequest.Builder reduced =
        request.toBuilder().clearIdempotencyKey().clearMaxWait().clearValidateOnly();
    if (reduced.getCaptureMode() == CaptureMode.CAPTURE_MODE_UNSPECIFIED) {
      reduced.setCaptureMode(CaptureMode.CAPTURE_MODE_AUTOMATIC);
    }
    return of((Message) reduced.build());
  }

  static Canonical of(CapturePaymentRequest request) {
    return of((Message) request.toBuilder().clearIdempotencyKey().build());
  }

  static Canonical of(CancelPaymentRequest request) {
    return of((Message) request.toBuilder().clearIdempotencyKey().build());
  }

  static Canonical of(RefundPaymentRequest request) {
    return of((Message) request.toBuilder().clearIdempotencyKey().build());
  }

  private static Canonical of(Message reduced) {
    byte[] bytes = serialize(reduced);
    MessageDigest digest = sha256();
    digest.update(FORM);
    return new Canonical(ByteString.copyFrom(bytes), ByteString.copyFrom(digest.digest(bytes)));
  }

  private static byte[] serialize(Message request) {
    byte[] bytes = new byte[request.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    // Sorts the metadata by key.
    out.useDeterministicSerialization();
    try {
      request.writeTo(out);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JDK has SHA-256", impossible);
    }
  }
}
