package dev.ducat.saga;

import com.google.protobuf.ByteString;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.PaymentId;
import java.time.Instant;
import java.util.UUID;

/**
 * What never changes about a saga: who asked for what under which key.
 *
 * @param shard the shard whose lane runs it
 * @param canonical the request that the same key is compared with
 * @param fingerprint SHA-256 over the canonical form's version and bytes
 * @param definitionVersion version of the saga table it was started under
 * @param traceparent W3C trace context of the call, or empty
 */
public record Claim(
    UUID sagaId,
    SagaKind kind,
    int definitionVersion,
    String tenant,
    int shard,
    PaymentId paymentId,
    String idempotencyKey,
    Instant keyExpiresAt,
    ByteString canonical,
    ByteString fingerprint,
    String traceparent,
    Instant createdAt) {

  /** For example {@code saga_01k…}. */
  public String sagaText() {
    return IdKind.SAGA.text(sagaId);
  }
}
