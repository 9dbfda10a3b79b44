package dev.ducat.ledger;

import dev.ducat.proto.internal.v1.LedgerQueryReply;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.Refusal;
import dev.ducat.proto.internal.v1.RefusalReason;

/** Business answers that are errors to the one who asked. */
final class Refusals {
  private Refusals() {}

  static Refusal of(RefusalReason reason, String field, String message) {
    return Refusal.newBuilder().setReason(reason).setField(field).setMessage(message).build();
  }

  static LedgerReply reply(Refusal refusal) {
    return LedgerReply.newBuilder().setRefusal(refusal).build();
  }

  static LedgerQueryReply queryReply(Refusal refusal) {
    return LedgerQueryReply.newBuilder().setRefusal(refusal).build();
  }
}
