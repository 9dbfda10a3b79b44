-- Operations on a payment: captures, cancellations, refunds, and the clock that ends an authorization. Each is a row of
-- payment.saga of its own. Of those that exclude each other the first wins, by the payment's row; the indexes and checks
-- here say the same once more, in case the code is ever wrong about it.

alter table payment.saga
  drop constraint saga_step_check,
  drop constraint saga_phase_check,
  add constraint saga_step_check check (step in
    ('VALIDATE', 'AUTHORIZE', 'CAPTURE', 'REMAINDER', 'CANCEL', 'EXPIRE', 'REFUND', 'SETTLE', 'NOTIFY')),
  add constraint saga_phase_check check (phase in
    ('ACT', 'ASK', 'AWAIT', 'TOLD', 'OPEN', 'RELEASE', 'UNDO', 'PARKED', 'ENDED', 'UNDONE')),
  add constraint clock_has_no_key check (kind <> 'EXPIRE' or (method is null and idempotency_key is null));

-- An authorization has one clock, and at most one capture or cancellation at work. Neither index has an entry for a
-- payment's own saga, and no step changes what they name.
create unique index saga_one_clock on payment.saga (payment_id) where kind = 'EXPIRE';
create unique index saga_one_mover on payment.saga (payment_id) where kind in ('CAPTURE', 'CANCEL') and not finished;

alter table payment.payment
  -- Who ends an authorization finds no capture at work, and lets none begin.
  add constraint closed_to_captures check (closing not in ('CANCEL', 'EXPIRE') or pending_capture = 0),
  add constraint refunds_of_settled_payments check (pending_refund = 0 or state = 'SETTLED');

create table payment.refund (
  refund_id       uuid        primary key,
  payment_id      uuid        not null references payment.payment (payment_id),
  saga_id         uuid        not null unique,
  tenant          text        not null check (length(tenant) between 1 and 64),
  state           text        not null check (state in ('PENDING', 'SUCCEEDED', 'FAILED', 'NEEDS_ATTENTION')),
  currency        text        not null check (length(currency) = 3),
  amount          bigint      not null check (amount > 0),
  reason          text        not null check (length(reason) <= 255),
  idempotency_key text        check (length(idempotency_key) between 1 and 255),
  failure_code    text        check (length(failure_code) between 1 and 100),
  failure_message text        check (length(failure_message) <= 1000),
  failure_step    text        check (length(failure_step) <= 20),
  payment_version bigint      not null check (payment_version >= 1),
  create_time     timestamptz not null,
  update_time     timestamptz not null,

  constraint refund_failure_where_it_belongs check ((failure_code is not null) = (state in ('FAILED', 'NEEDS_ATTENTION')))
) with (fillfactor = 70);
comment on table payment.refund is 'One row per refund, as its saga''s last commit left it. Written by dev.ducat.saga only.';
comment on column payment.refund.payment_version is 'The payment''s version that this refund''s last change made: they share one counter.';
create index refund_by_payment on payment.refund (payment_id, create_time desc, refund_id desc);
