-- Events that Kafka refuses for good. Such an event is parked here before the Kafka transaction that passes it, and so
-- are its payment's later events: others flow, and no payment's events overtake each other. An operator has them
-- published again once the cause is mended. The event itself stays in outbox.event, which is not dropped meanwhile.
--
-- Only the owner of the slot writes here, and each of its transactions begins with outbox.fence on a stream of the
-- slot's own: a predecessor that wakes up late parks nothing and marks nothing. What an operator asked for is written
-- to that stream too, as an audit event, in the transaction that records the wish.

create table outbox.parked (
  stream           text        not null references outbox.stream,
  seq              bigint      not null check (seq > 0),
  event_id         uuid        not null unique,
  topic            text        not null,
  key              text        not null,
  version          bigint      not null,
  type             text        not null,
  tenant           text        not null,
  occurred_at      timestamptz not null,
  cause            text        not null check (cause in ('REFUSED', 'WAITS_BEHIND')),
  error            text        not null check (length(error) <= 1000),
  parked_at        timestamptz not null default clock_timestamp(),
  redrive_asked_at timestamptz,
  redriven_at      timestamptz,
  primary key (stream, seq),

  constraint who_was_refused_knows_why check ((cause = 'REFUSED') = (error <> ''))
);
comment on table outbox.parked is 'Events passed over by the relay. Written by dev.ducat.relay only, by the owner of the stream''s slot.';
comment on column outbox.parked.redriven_at is 'When it was published after all. Copied from a receipt in Kafka, which carries it until this is set.';
create index parked_and_open on outbox.parked (stream, seq) where redriven_at is null;
create index parked_and_open_by_key on outbox.parked (topic, key) where redriven_at is null;
alter table outbox.parked owner to ducat_owner;
revoke delete on outbox.parked from ducat_writer;

-- Slots write now, so each has a stream: shard.install makes it in new databases.
insert into outbox.stream (stream)
  select l.kind || '.' || l.unit from shard.lease l where l.kind = 'relay.slot'
  on conflict do nothing;

-- Without transactions there is no receipt: then this row, which follows what Kafka acknowledged, is all there is.
alter table outbox.position add column at_least_once boolean not null default false;
comment on column outbox.position.at_least_once is 'Whether the row was written by a relay without receipts: then it may be ahead of them.';
