package dev.ducat.saga;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.id.Ids;
import dev.ducat.proto.internal.v1.SagaData;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * Sagas that free what a PSP did for a payment after it was given up. There are at most two for a
 * payment, whatever is repeated: one that looks back after the void, where the connector does not
 * promise that a void keeps a late authorize away, and one that a report begins. Both only void
 * under a key of their own, which frees what is there, or nothing.
 */
final class Reclaims {
  private Reclaims() {}

  /** The saga that a report about the authorize of this payment begins. */
  static UUID idOfReported(UUID paymentId) {
    return Ids.derive(paymentId, "reclaim/reported");
  }

  static Claim ofReport(Claim payment, Instant now) {
    return claim(payment, idOfReported(payment.paymentId().uuid()), now);
  }

  /** Sleeps until what is on its way has arrived, and then asks. */
  static Saga lookingBack(Draft draft, Duration untilProven) {
    Claim of = draft.claim();
    Claim claim = claim(of, Ids.derive(of.paymentId().uuid(), "reclaim/looked"), draft.now);
    Instant proven = draft.now.plus(untilProven);
    SagaData.Builder data =
        known(claim, draft.data.getConnector())
            .setIntent(Intents.lookBack(claim, draft.payment.build()))
            .setUnknownSince(Times.toProto(proven))
            .setProvenAfter(Times.toProto(proven));
    return new Saga(claim, Step.RECLAIM, Phase.OPEN, 0, proven, 1, data.build());
  }

  /** Before its first step. */
  static Saga found(Claim claim, Standing standing) {
    SagaData data = known(claim, standing.payment().getConnector()).build();
    return new Saga(claim, Step.RECLAIM, Phase.OPEN, 0, null, 0, data);
  }

  private static SagaData.Builder known(Claim claim, String connector) {
    return SagaData.newBuilder()
        .setConnector(connector)
        .setAuthorizationKey(Intents.authorizeKey(claim));
  }

  private static Claim claim(Claim of, UUID id, Instant now) {
    return new Claim(
        id,
        SagaKind.RECLAIM,
        of.definitionVersion(),
        of.tenant(),
        of.shard(),
        of.paymentId(),
        "",
        Instant.MAX,
        ByteString.EMPTY,
        ByteString.EMPTY,
        of.traceparent(),
        now);
  }
}
