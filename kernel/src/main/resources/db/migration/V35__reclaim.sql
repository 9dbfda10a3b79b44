-- A PSP may do late what had been given up and undone: after a void that kept nothing away, or against what it said. A
-- saga of its own looks for that, or is told of it, and frees it; the payment stays what it is.

alter table payment.saga
  drop constraint saga_kind_check,
  drop constraint saga_step_check,
  drop constraint clock_has_no_key,
  add constraint saga_kind_check check (kind in ('PAYMENT', 'CAPTURE', 'CANCEL', 'REFUND', 'EXPIRE', 'RECLAIM')),
  add constraint saga_step_check check (step in
    ('VALIDATE', 'AUTHORIZE', 'CAPTURE', 'REMAINDER', 'CANCEL', 'EXPIRE', 'RECLAIM', 'REFUND', 'SETTLE', 'NOTIFY')),
  add constraint clock_has_no_key check
    (kind not in ('EXPIRE', 'RECLAIM') or (method is null and idempotency_key is null));
