package dev.ducat.saga;

import java.util.Map;

/** What is told of an authorization that appeared late. Never by the payment: it is over. */
final class ReclaimEffects {
  private static final String ABOUT = "late_authorization";

  private final Draft draft;

  ReclaimEffects(Draft draft) {
    this.draft = draft;
  }

  void foundLate() {
    audit("void_again", "the PSP authorized a payment that had been given up");
  }

  void reclaimed() {
    audit("voided", Failures.reference(draft.done().connectorReference()));
  }

  void park() {
    draft.data.setFailure(Failures.of(draft.before, draft.outcome));
    audit(
        "call_person",
        draft.data.getFailure().getCode() + ": " + draft.data.getFailure().getMessage());
  }

  private void audit(String action, String reason) {
    draft.audit(
        ABOUT,
        action,
        reason,
        Map.of(
            "saga_id",
            draft.claim().sagaText(),
            "operation_key",
            draft.data.getAuthorizationKey(),
            "amount",
            draft.payment.getAmount().getMinorUnits()
                + " "
                + draft.payment.getAmount().getCurrencyCode()));
  }
}
