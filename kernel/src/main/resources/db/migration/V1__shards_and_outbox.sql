-- Who owns which unit of work, and the log of what every owner committed.
--
-- Two ideas carry everything else. A *lease* says who may work on a unit (a payment shard, a ledger lane,
-- a relay slot) and is a matter of time. A *stream* says whose commits are accepted and is a matter of
-- compare-and-set: the first statement of every lane transaction is outbox.fence, so an owner whose lease
-- went to somebody else cannot commit, however late it wakes up.

create schema shard;
create schema outbox;

comment on schema shard is 'Live nodes and the leases of their units of work. Written by dev.ducat.kernel.shard.';
comment on schema outbox is 'The ordered log of events, one stream per writing unit. Written by dev.ducat.kernel.outbox.';

create table shard.node (
  node_id             text        primary key check (node_id ~ '^[a-zA-Z0-9._-]{1,64}$'),
  owner               uuid        not null unique,
  kinds               text[]      not null,
  definition_versions int[]       not null,
  started_at          timestamptz not null default clock_timestamp(),
  expires_at          timestamptz not null
);
comment on table shard.node is 'Processes that are alive; fair shares are computed from it.';
comment on column shard.node.owner is 'Random per process start: a restarted process is another owner, even under the same node id.';
comment on column shard.node.definition_versions is 'Saga definition versions this node can run.';

create table shard.lease (
  kind       text        not null check (kind in ('payment.shard', 'ledger.lane', 'relay.slot')),
  unit       int         not null check (unit between 0 and 1023),
  owner      uuid,
  epoch      bigint      not null default 0 check (epoch >= 0),
  expires_at timestamptz not null default '-infinity',
  primary key (kind, unit)
) with (fillfactor = 50);
comment on table shard.lease is 'One row per unit, made at installation. epoch only grows; it is the fencing token.';

create table outbox.stream (
  stream text   primary key,
  owner  uuid,
  epoch  bigint not null default 0 check (epoch >= 0),
  n      bigint not null default 0 check (n >= 0),
  head   bigint not null default 0 check (head >= 0),
  chain  bytea
) with (fillfactor = 20);
comment on table outbox.stream is 'One row per unit that writes. n counts its transactions, head is the seq of its last event, chain the last hash of a ledger.';

-- No check here is a regular expression: one with a counted repetition costs more than the rest of the insert
-- (6.5 of 9 us measured), and length() has to look at each character where octet_length() does not. The same holds for every table that a payment writes.
--
-- Partitions by week: retention drops whole partitions, so nothing is ever deleted row by row. The DEFAULT
-- partition catches what a skewed clock writes outside the prepared weeks.
create table outbox.event (
  stream      text        not null,
  seq         bigint      not null check (seq > 0),
  event_id    uuid        not null,
  topic       text        not null check (octet_length(topic) between 1 and 100),
  key         text        not null check (octet_length(key) between 1 and 100),
  type        text        not null check (octet_length(type) between 1 and 100),
  source      text        not null check (octet_length(source) between 1 and 100),
  payload     bytea       not null,
  version     bigint      not null default 0 check (version >= 0),
  tenant      text        not null check (octet_length(tenant) between 1 and 64),
  traceparent text,
  created_at  timestamptz not null
) partition by range (created_at);
comment on table outbox.event is 'Append-only. Within a stream, seq is 1, 2, 3 ... in commit order: reading seq > position never skips a late commit.';
comment on column outbox.event.key is 'The Kafka record key: a payment id or a transfer id.';
comment on column outbox.event.version is 'The payment''s own counter; 0 on topics without an order.';

create table outbox.event_default partition of outbox.event default;
create index event_by_position on outbox.event (stream, seq);
-- Only events with a version have an order to be read in: those of payments.
create index event_by_key on outbox.event (key, version) where version > 0;

create function outbox.ensure_partitions(p_weeks_ahead int) returns int language plpgsql as $$
declare
  week    timestamptz;
  name    text;
  created int := 0;
begin
  -- Bounds are UTC weeks, so that two servers with different time zones agree on them.
  for i in 0 .. p_weeks_ahead loop
    week := date_trunc('week', clock_timestamp(), 'UTC') + make_interval(days => 7 * i);
    name := 'event_' || to_char(week at time zone 'UTC', 'IYYY"w"IW');
    if to_regclass('outbox.' || name) is null then
      begin
        execute format('create table outbox.%I partition of outbox.event for values from (%L) to (%L)',
          name, week, week + interval '7 days');
        created := created + 1;
      exception
        -- Rows of this week already lie in the DEFAULT partition, or another node was faster: both are fine.
        when check_violation or duplicate_table or invalid_object_definition then null;
      end;
    end if;
  end loop;
  return created;
end $$;
select outbox.ensure_partitions(2);

create function outbox.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception using errcode = 'DF003',
    message = format('%I.%I is append-only', tg_table_schema, tg_table_name);
end $$;
comment on function outbox.refuse_change() is 'Second guard of every append-only table, behind the missing grants.';
create trigger event_is_append_only before update or delete on outbox.event
  for each row execute function outbox.refuse_change();
create trigger event_is_never_truncated before truncate on outbox.event
  for each statement execute function outbox.refuse_change();

-- The fence: the first statement of every lane transaction. It locks the stream rows one after the other in
-- the order given (callers sort them; a joined UPDATE would guarantee no order and could deadlock), and moves
-- each on only where owner, epoch and n are what the lane believes. All bad streams are named in DETAIL.
create function outbox.fence(
  p_streams text[], p_owner uuid, p_epochs bigint[], p_ns bigint[], p_heads bigint[], p_chains bytea[]
) returns int language plpgsql as $$
declare
  fenced text[] := '{}';
begin
  for i in 1 .. cardinality(p_streams) loop
    update outbox.stream s
       set n = s.n + 1, head = p_heads[i], chain = coalesce(p_chains[i], s.chain)
     where s.stream = p_streams[i] and s.owner = p_owner and s.epoch = p_epochs[i]
       and s.n = p_ns[i] and s.head <= p_heads[i];
    if not found then
      fenced := fenced || p_streams[i];
    end if;
  end loop;
  if cardinality(fenced) > 0 then
    raise exception using errcode = 'DF001', message = 'fenced', detail = array_to_string(fenced, ',');
  end if;
  return cardinality(p_streams);
end $$;

-- The version check of every row a lane updates: fewer rows changed than sent means that memory was stale.
create function outbox.expect(p_what text, p_expected bigint, p_found bigint) returns bigint language plpgsql as $$
begin
  if p_expected <> p_found then
    raise exception using errcode = 'DF002',
      message = format('stale %s: %s rows expected, %s matched', p_what, p_expected, p_found), detail = p_what;
  end if;
  return p_found;
end $$;

-- Installation: the number of units is fixed for the life of a database, because the hash of a payment or a
-- tenant chooses its unit. A different number later is a configuration error, not a migration.
create function shard.install(p_kind text, p_units int, p_streams boolean) returns int language plpgsql as $$
declare
  installed int;
begin
  perform pg_advisory_xact_lock(hashtext('ducat.shard.install'));
  select count(*) into installed from shard.lease where kind = p_kind;
  if installed = 0 then
    insert into shard.lease (kind, unit) select p_kind, u from generate_series(0, p_units - 1) u;
    if p_streams then
      insert into outbox.stream (stream) select p_kind || '.' || u from generate_series(0, p_units - 1) u;
    end if;
    installed := p_units;
  end if;
  return installed;
end $$;

-- A heartbeat with another owner under a node id that is still alive is refused: two processes were given the
-- same name.
create function shard.heartbeat(
  p_node text, p_owner uuid, p_kinds text[], p_versions int[], p_ttl interval
) returns boolean language plpgsql as $$
begin
  delete from shard.node where expires_at < clock_timestamp() - interval '1 hour';
  insert into shard.node (node_id, owner, kinds, definition_versions, expires_at)
    values (p_node, p_owner, p_kinds, p_versions, clock_timestamp() + p_ttl)
  on conflict (node_id) do update
    set owner = excluded.owner, kinds = excluded.kinds, definition_versions = excluded.definition_versions,
        expires_at = excluded.expires_at,
        started_at = case when node.owner = excluded.owner then node.started_at else clock_timestamp() end
    where node.owner = excluded.owner or node.expires_at < clock_timestamp();
  return found;
end $$;

-- Take-over: lease row, then stream row, both to one epoch above either. The stream row's lock waits for a
-- transaction that the old owner left open; after this commits, none of its transactions can.
create function shard.claim(p_kind text, p_owner uuid, p_limit int, p_ttl interval)
returns table (unit int, epoch bigint) language plpgsql as $$
declare
  candidate    record;
  stream_epoch bigint;
begin
  for candidate in
    select l.unit, l.epoch from shard.lease l
     where l.kind = p_kind and l.expires_at < clock_timestamp()
     order by l.expires_at, l.unit limit p_limit for update skip locked
  loop
    stream_epoch := 0;
    select s.epoch into stream_epoch from outbox.stream s
     where s.stream = p_kind || '.' || candidate.unit for update;
    unit := candidate.unit;
    epoch := greatest(candidate.epoch, coalesce(stream_epoch, 0)) + 1;
    update shard.lease l set owner = p_owner, epoch = claim.epoch, expires_at = clock_timestamp() + p_ttl
     where l.kind = p_kind and l.unit = claim.unit;
    update outbox.stream s set owner = p_owner, epoch = claim.epoch
     where s.stream = p_kind || '.' || claim.unit;
    return next;
  end loop;
end $$;

create function shard.renew(p_kind text, p_owner uuid, p_units int[], p_epochs bigint[], p_ttl interval)
returns table (unit int) language sql as $$
  update shard.lease l set expires_at = clock_timestamp() + p_ttl
    from unnest(p_units, p_epochs) as held(unit, epoch)
   where l.kind = p_kind and l.unit = held.unit and l.owner = p_owner and l.epoch = held.epoch
  returning l.unit;
$$;

-- Raising one's own epoch settles what became of a transaction whose answer was lost: the stream row's lock
-- waits for it if it is running, and if it has not begun it will be fenced. Zero rows: no longer the owner.
create function shard.raise(p_kind text, p_unit int, p_owner uuid, p_epoch bigint, p_ttl interval)
returns table (epoch bigint) language plpgsql as $$
declare
  stream_epoch bigint := 0;
begin
  perform 1 from shard.lease l
    where l.kind = p_kind and l.unit = p_unit and l.owner = p_owner and l.epoch = p_epoch for update;
  if not found then
    return;
  end if;
  select s.epoch into stream_epoch from outbox.stream s where s.stream = p_kind || '.' || p_unit for update;
  epoch := greatest(p_epoch, coalesce(stream_epoch, 0)) + 1;
  update shard.lease l set epoch = raise.epoch, expires_at = clock_timestamp() + p_ttl
   where l.kind = p_kind and l.unit = p_unit;
  update outbox.stream s set owner = p_owner, epoch = raise.epoch where s.stream = p_kind || '.' || p_unit;
  return next;
end $$;

create function shard.release(p_kind text, p_unit int, p_owner uuid, p_epoch bigint)
returns boolean language plpgsql as $$
begin
  update shard.lease set owner = null, expires_at = '-infinity'
   where kind = p_kind and unit = p_unit and owner = p_owner and epoch = p_epoch;
  return found;
end $$;
