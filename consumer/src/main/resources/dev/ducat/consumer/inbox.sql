-- The inbox of dev.ducat.consumer, in the consumer's own database. Every statement may be run again.

create schema if not exists inbox;
comment on schema inbox is 'What consumers of Ducat''s events have seen, written in the transactions of their effects.';

-- The truth about where a consumer stands. Kafka's group offsets follow it, for its tools only.
create table if not exists inbox.offset (
  consumer    text        not null,
  topic       text        not null,
  partition   int         not null check (partition >= 0),
  next_offset bigint      not null check (next_offset >= 0),
  updated_at  timestamptz not null default clock_timestamp(),
  primary key (consumer, topic, partition)
) with (fillfactor = 50);
comment on column inbox.offset.next_offset is 'The first offset not yet consumed. Changed by compare-and-set: the second of two consumers of one partition is refused.';

-- Topics whose events carry a version: per key, the last one that took effect.
create table if not exists inbox.version (
  consumer text   not null,
  topic    text   not null,
  key      text   not null,
  version  bigint not null check (version > 0),
  primary key (consumer, topic, key)
) with (fillfactor = 80);

-- Topics whose events carry none: the very ids that took effect. A high-water mark would not do, because ids of
-- different writers reach a topic in any order.
create table if not exists inbox.seen (
  consumer text        not null,
  topic    text        not null,
  event_id text        not null,
  seen_at  timestamptz not null default clock_timestamp(),
  primary key (consumer, topic, event_id)
);
comment on table inbox.seen is 'Rows older than the longest time in which an event could be published again may be deleted.';

-- Events that came too early: an earlier version of their key is missing. They wait here, and take effect in order
-- when it comes.
create table if not exists inbox.parked (
  consumer     text        not null,
  topic        text        not null,
  key          text        not null,
  version      bigint      not null check (version > 1),
  partition    int         not null,
  kafka_offset bigint      not null,
  event_id     text        not null,
  type         text        not null,
  source       text        not null,
  time         text        not null,
  tenant       text        not null,
  traceparent  text,
  payload      bytea       not null,
  parked_at    timestamptz not null default clock_timestamp(),
  primary key (consumer, topic, key, version)
);
comment on table inbox.parked is 'Each row deserves a look: something was lost between the outbox and this consumer.';
