package dev.ducat.gateway;

import com.google.protobuf.Duration;
import com.google.protobuf.util.Durations;
import dev.ducat.gateway.Check.Characters;
import dev.ducat.kernel.id.IdKind;
import dev.ducat.proto.connector.v1.Done;
import dev.ducat.proto.operations.v1.CompensateSagaRequest;
import dev.ducat.proto.operations.v1.ListSagasRequest;
import dev.ducat.proto.operations.v1.ResolveSagaRequest;
import dev.ducat.proto.operations.v1.RetrySagaRequest;
import dev.ducat.proto.operations.v1.SagaFilter;
import dev.ducat.proto.operations.v1.SagaState;

/** What an operator's request must keep to, before anybody is asked. */
final class SagaValidation {
  private static final int REASON_CHARS_MAX = 255;
  private static final int TENANT_CHARS_MAX = 64;
  private static final int KEY_CHARS_MAX = 255;
  private static final int REFERENCE_CHARS_MAX = 255;
  private static final int CODE_CHARS_MAX = 100;
  private static final int MESSAGE_CHARS_MAX = 1_000;

  /** Ten years: longer than anything is kept. */
  private static final Duration STUCK_MAX = Durations.fromDays(3_650);

  private SagaValidation() {}

  static void check(ListSagasRequest request) {
    Check check = new Check();
    SagaFilter filter = request.getFilter();
    for (int i = 0; i < filter.getStatesCount(); i++) {
      SagaState state = filter.getStates(i);
      check.that(
          state != SagaState.UNRECOGNIZED && state != SagaState.SAGA_STATE_UNSPECIFIED,
          "filter.states[" + i + "]",
          "must be a state");
    }
    if (filter.hasStuckLongerThan()) {
      Duration stuck = filter.getStuckLongerThan();
      check.that(
          Durations.isValid(stuck)
              && !Durations.isNegative(stuck)
              && Durations.compare(stuck, STUCK_MAX) <= 0,
          "filter.stuck_longer_than",
          "must be a duration of at most ten years");
    }
    check.text("filter.tenant", filter.getTenant(), 0, TENANT_CHARS_MAX, Characters.NAME);
    if (!filter.getPaymentId().isEmpty()) {
      PaymentValidation.paymentId(check, "filter.payment_id", filter.getPaymentId());
    }
    check.pageSize("page_size", request.getPageSize());
    check.pageToken("page_token", request.getPageToken());
    check.done();
  }

  static void checkSagaId(String sagaId) {
    Check check = new Check();
    sagaId(check, sagaId);
    check.done();
  }

  static void check(RetrySagaRequest request) {
    Check check = about(request.getSagaId(), request.getReason(), request.getVersion());
    key(check, request.getIdempotencyKey());
    check.done();
  }

  static void check(CompensateSagaRequest request) {
    Check check = about(request.getSagaId(), request.getReason(), request.getVersion());
    key(check, request.getIdempotencyKey());
    check.done();
  }

  static void check(ResolveSagaRequest request) {
    Check check = about(request.getSagaId(), request.getReason(), request.getVersion());
    key(check, request.getIdempotencyKey());
    String key = request.getOperationKey();
    // Only compared with what is stored, never stored itself.
    check.that(
        !key.isEmpty() && key.length() <= KEY_CHARS_MAX,
        "operation_key",
        "must be 1 to " + KEY_CHARS_MAX + " characters: Saga.operation_key");
    switch (request.getOutcomeCase()) {
      case DONE -> done(check, request.getDone());
      case DECLINED -> {
        check.text(
            "declined.reason_code",
            request.getDeclined().getReasonCode(),
            0,
            CODE_CHARS_MAX,
            Characters.NAME);
        check.text(
            "declined.message",
            request.getDeclined().getMessage(),
            0,
            MESSAGE_CHARS_MAX,
            Characters.LINE);
      }
      case NEVER_HAPPENED -> {}
      case OUTCOME_NOT_SET ->
          check.that(false, "outcome", "must be done, declined or never_happened");
    }
    check.done();
  }

  private static void done(Check check, Done done) {
    check.text(
        "done.connector_reference",
        done.getConnectorReference(),
        1,
        REFERENCE_CHARS_MAX,
        Characters.PRINTABLE_ASCII);
    check.currency("done.amount.currency_code", done.getAmount().getCurrencyCode());
    // A void may have found nothing to free; for everything else the amount is compared.
    check.that(
        done.getAmount().getMinorUnits() >= 0, "done.amount.minor_units", "must not be negative");
    if (done.hasAuthorizationExpireTime()) {
      check.timestamp("done.authorization_expire_time", done.getAuthorizationExpireTime());
    }
  }

  private static Check about(String sagaId, String reason, long version) {
    Check check = new Check();
    sagaId(check, sagaId);
    check.text("reason", reason, 1, REASON_CHARS_MAX, Characters.LINE);
    check.that(version >= 0, "version", "must not be negative");
    return check;
  }

  private static void key(Check check, String key) {
    check.text("idempotency_key", key, 0, KEY_CHARS_MAX, Characters.PRINTABLE_ASCII);
  }

  private static void sagaId(Check check, String sagaId) {
    check.that(
        IdKind.SAGA.parse(sagaId).isPresent(), "saga_id", "must be the id of a saga, saga_…");
  }
}
