package dev.ducat.saga;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.ducat.proto.payments.v1.CancelPaymentRequest;
import dev.ducat.proto.payments.v1.CapturePaymentRequest;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;
import dev.ducat.proto.payments.v1.RefundPaymentRequest;
import dev.ducat.saga.PaymentMessage.Asking;
import java.util.List;
import java.util.Set;

/** Two requests under one key: what is different about them. */
final class Canonical {
  private Canonical() {}

  /**
   * The first field, in the order of the contract, in which the recorded canonical request differs
   * from the one that is asked now; empty when none is seen.
   */
  static String firstDifference(Asking asking, ByteString recorded) {
    Message form =
        switch (asking) {
          case PaymentMessage.Create create -> CreatePaymentRequest.getDefaultInstance();
          case PaymentMessage.Operate operate ->
              switch (operate.command().getRequestCase()) {
                case CAPTURE -> CapturePaymentRequest.getDefaultInstance();
                case CANCEL -> CancelPaymentRequest.getDefaultInstance();
                case REFUND -> RefundPaymentRequest.getDefaultInstance();
                case REQUEST_NOT_SET -> throw new IllegalArgumentException("no operation");
              };
        };
    return firstDifference(form, recorded, asking.canonical());
  }

  private static String firstDifference(Message form, ByteString recorded, ByteString asked) {
    try {
      return firstDifference(
          form.getParserForType().parseFrom(recorded), form.getParserForType().parseFrom(asked));
    } catch (InvalidProtocolBufferException unreadable) {
      // The fingerprints differ, which is enough to refuse.
      return "";
    }
  }

  /** The first field in which two messages of one type differ; empty when none is seen. */
  static String firstDifference(Message before, Message now) {
    for (FieldDescriptor field : before.getDescriptorForType().getFields()) {
      if (!content(before, field).equals(content(now, field))) {
        return field.getName();
      }
    }
    return "";
  }

  /** A field's value; of a map, its entries in no order. */
  private static Object content(Message message, FieldDescriptor field) {
    return field.isMapField()
        ? Set.copyOf((List<?>) message.getField(field))
        : message.getField(field);
  }
}
