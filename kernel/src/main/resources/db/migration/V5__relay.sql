-- How far the relay has published, as Postgres knows it. The truth lies in Kafka: a receipt in topic
-- ducat.relay.positions, written in the same Kafka transaction as the events. This copy follows it lazily. It
-- says to retention what is published, and it bears witness: a receipt that is behind it, or gone, means that
-- Kafka lost what it had acknowledged, and then the relay stops instead of publishing twice.

create table outbox.position (
  stream     text        primary key references outbox.stream,
  seq        bigint      not null check (seq > 0),
  event_id   uuid        not null,
  slot       int         not null check (slot between 0 and 63),
  epoch      bigint      not null check (epoch > 0),
  updated_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
comment on table outbox.position is 'The last published event of each stream, copied from the receipts in Kafka. Written by dev.ducat.relay.';
comment on column outbox.position.epoch is 'Lease epoch of the slot that wrote the row: a predecessor that wakes up late changes nothing.';
