package dev.ducat.saga;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.ducat.proto.payments.v1.CreatePaymentRequest;

/** Two requests under one key: what is different about them. */
final class Canonical {
  private Canonical() {}

  /**
   * The first field, in the order of the contract, in which two canonical requests differ; empty
   * when none is seen.
   */
  static String firstDifference(ByteString recorded, ByteString asked) {
    try {
      CreatePaymentRequest before = CreatePaymentRequest.parseFrom(recorded);
      CreatePaymentRequest now = CreatePaymentRequest.parseFrom(asked);
      for (FieldDescriptor field : CreatePaymentRequest.getDescriptor().getFields()) {
        boolean same =
            field.isMapField()
                ? before.getMetadataMap().equals(now.getMetadataMap())
                : before.getField(field).equals(now.getField(field));
        if (!same) {
          return field.getName();
        }
      }
      return "";
    } catch (InvalidProtocolBufferException unreadable) {
      // The fingerprints differ, which is enough to refuse.
      return "";
    }
  }
}
