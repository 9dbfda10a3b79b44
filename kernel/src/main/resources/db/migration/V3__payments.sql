-- Payments and the sagas that drive them. Written by dev.ducat.saga only.
--
-- The claim of an idempotency key and the work done under it are one row of payment.saga, so the unique
-- indexes here are the truth about "a payment happens once"; Redis and memory only guess it faster.
--
-- A payment changes four times within milliseconds. Every such update must be HOT (no index entry of its own),
-- so no column that an index names, in its keys or in its predicate, changes on a step; only `finished` does,
-- once, at the end. Half of each page is left free for the versions in between.

create schema payment;
comment on schema payment is 'Payments, their sagas and the attempts that did not simply succeed. Written by dev.ducat.saga.';

create table payment.payment (
  payment_id                uuid        primary key,
  tenant                    text        not null check (octet_length(tenant) between 1 and 64),
  shard                     int         not null check (shard between 0 and 1023),
  state                     text        not null check (state in ('PENDING', 'REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED',
                                          'SETTLED', 'CANCELED', 'EXPIRED', 'FAILED', 'NEEDS_ATTENTION')),
  resting                   boolean     not null,
  currency                  text        not null check (octet_length(currency) = 3),
  amount                    bigint      not null check (amount > 0),
  amount_authorized         bigint      not null default 0 check (amount_authorized >= 0),
  amount_captured           bigint      not null default 0 check (amount_captured >= 0),
  amount_refunded           bigint      not null default 0 check (amount_refunded >= 0),
  pending_capture           bigint      not null default 0 check (pending_capture >= 0),
  pending_refund            bigint      not null default 0 check (pending_refund >= 0),
  closing                   text        not null default 'NONE' check (closing in ('NONE', 'CAPTURE', 'CANCEL', 'EXPIRE')),
  payment_method            text        not null check (length(payment_method) between 1 and 255),
  merchant_account          text        not null check (octet_length(merchant_account) between 1 and 64),
  connector                 text        not null check (octet_length(connector) between 1 and 64),
  capture_mode              text        not null check (capture_mode in ('AUTOMATIC', 'MANUAL')),
  reference                 text        not null check (length(reference) <= 255),
  description               text        not null check (length(description) <= 1000),
  metadata                  jsonb       not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  idempotency_key           text        check (length(idempotency_key) between 1 and 255),
  failure_code              text        check (length(failure_code) between 1 and 100),
  failure_message           text        check (length(failure_message) <= 1000),
  failure_step              text        check (length(failure_step) <= 20),
  next_action_type          text        check (next_action_type in ('REDIRECT', 'THREE_D_SECURE')),
  next_action_url           text        check (length(next_action_url) <= 2048),
  version                   bigint      not null check (version >= 1),
  create_time               timestamptz not null,
  update_time               timestamptz not null,
  authorization_expire_time timestamptz,

  constraint authorized_within_amount check (amount_authorized <= amount),
  constraint captured_within_authorized check (amount_captured + pending_capture <= amount_authorized),
  constraint refunded_within_captured check (amount_refunded + pending_refund <= amount_captured),
  constraint nothing_held_when_undone check (
    state not in ('FAILED', 'CANCELED', 'EXPIRED') or (amount_authorized = 0 and amount_captured = 0)),
  constraint captured_when_settled check (state not in ('CAPTURED', 'SETTLED') or amount_captured > 0),
  constraint failure_where_it_belongs check ((failure_code is not null) = (state in ('FAILED', 'NEEDS_ATTENTION'))),
  constraint action_where_it_belongs check ((next_action_type is not null) = (state = 'REQUIRES_ACTION'))
) with (fillfactor = 50);
comment on table payment.payment is 'One row per payment, as its last event left it. version is the payment''s own counter: plus 1 with every event.';
comment on column payment.payment.resting is 'Nothing more happens by itself soon.';
comment on column payment.payment.pending_capture is 'Reserved by a capture whose outcome is not known yet; counted like captured.';
comment on column payment.payment.closing is 'Who has the last word on the authorization; the others are refused.';

create index payment_by_time on payment.payment (tenant, create_time desc, payment_id desc);
create index payment_by_merchant on payment.payment (tenant, merchant_account, create_time desc, payment_id desc);
create index payment_by_reference on payment.payment (tenant, reference, create_time desc, payment_id desc)
  where reference <> '';

create table payment.saga (
  saga_id            uuid        primary key,
  tenant             text        not null check (octet_length(tenant) between 1 and 64),
  shard              int         not null check (shard between 0 and 1023),
  payment_id         uuid        not null,
  kind               text        not null check (kind in ('PAYMENT', 'CAPTURE', 'CANCEL', 'REFUND', 'EXPIRE')),
  definition_version int         not null check (definition_version >= 1),
  method             text        check (method in ('CreatePayment', 'CapturePayment', 'CancelPayment', 'RefundPayment')),
  idempotency_key    text        check (length(idempotency_key) between 1 and 255),
  key_expires_at     timestamptz,
  request            bytea       not null check (length(request) <= 262144),
  fingerprint        bytea       not null check (octet_length(fingerprint) <= 64),
  traceparent        text        check (octet_length(traceparent) <= 100),
  create_time        timestamptz not null,
  step               text        not null check (step in ('VALIDATE', 'AUTHORIZE', 'CAPTURE', 'SETTLE', 'NOTIFY')),
  phase              text        not null check (phase in ('ACT', 'ASK', 'AWAIT', 'RELEASE', 'UNDO', 'PARKED', 'ENDED', 'UNDONE')),
  state              text        not null check (state in ('RUNNING', 'WAITING', 'COMPENSATING', 'DONE', 'COMPENSATED', 'NEEDS_ATTENTION')),
  finished           boolean     not null,
  attempt            int         not null check (attempt >= 0),
  next_attempt_at    timestamptz,
  version            bigint      not null check (version >= 1),
  data               bytea       not null check (length(data) <= 1048576),
  outcome            text        check (octet_length(outcome) between 1 and 100),
  update_time        timestamptz not null,

  constraint a_payments_own_saga_has_its_id check ((kind = 'PAYMENT') = (saga_id = payment_id)),
  constraint finished_when_over check (finished = (state in ('DONE', 'COMPENSATED'))),
  constraint over_says_how check (not finished or (outcome is not null and next_attempt_at is null)),
  constraint waiting_has_a_time check (state <> 'WAITING' or next_attempt_at is not null),
  constraint key_has_a_method check (idempotency_key is null or (method is not null and key_expires_at is not null))
) with (fillfactor = 50);
comment on table payment.saga is 'One row per operation that a client asked for or the clock did: the claim of its key, and how far the work is.';
comment on column payment.saga.request is 'The canonical request: what the same key is compared with.';
comment on column payment.saga.data is 'ducat.internal.v1.SagaData: the complete intent, the registered compensations, PSP references.';
comment on column payment.saga.idempotency_key is 'Null once its life is over: the row stays, the key is free.';

create unique index saga_create_key on payment.saga (tenant, method, idempotency_key)
  where method = 'CreatePayment' and idempotency_key is not null;
create unique index saga_operation_key on payment.saga (tenant, method, payment_id, idempotency_key)
  where method <> 'CreatePayment' and idempotency_key is not null;
-- The saga of a payment itself has the payment's id; only what was asked for afterwards is looked up here.
create index saga_by_payment on payment.saga (payment_id) where kind <> 'PAYMENT';
-- Serves take-over and timers. Keyed by shard alone: next_attempt_at changes on every step.
create index saga_unfinished on payment.saga (shard) where not finished;

create table payment.attempt (
  attempt_id          bigint      generated always as identity primary key,
  saga_id             uuid        not null,
  payment_id          uuid        not null,
  tenant              text        not null check (octet_length(tenant) between 1 and 64),
  step                text        not null check (octet_length(step) between 1 and 20),
  phase               text        not null check (octet_length(phase) between 1 and 20),
  number              int         not null check (number >= 0),
  outcome             text        not null check (octet_length(outcome) between 1 and 40),
  error               text        not null check (length(error) <= 1000),
  connector_reference text        not null check (length(connector_reference) <= 255),
  start_time          timestamptz not null,
  duration_ms         bigint      not null check (duration_ms >= 0)
);
comment on table payment.attempt is 'Append-only: attempts that did not simply succeed. What succeeded is in the events.';
create index attempt_by_payment on payment.attempt (payment_id);
create trigger attempt_is_append_only before update or delete on payment.attempt
  for each row execute function outbox.refuse_change();
create trigger attempt_is_never_truncated before truncate on payment.attempt
  for each statement execute function outbox.refuse_change();
