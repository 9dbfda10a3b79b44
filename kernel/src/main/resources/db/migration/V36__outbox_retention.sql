-- Retention of the outbox: partitions of weeks are made ahead and dropped whole, by whichever node comes first each hour.
-- Both need more than the lanes may do, so they are functions of the owner. Neither waits for a lock for long: lanes
-- would wait behind it. What did not work now works an hour later.

create or replace function outbox.ensure_partitions(p_weeks_ahead int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms' as $$
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
        execute format('grant select on outbox.%I to ducat_writer, ducat_reader, ducat_checker', name);
        created := created + 1;
      exception
        -- Rows of this week already lie in the DEFAULT partition, another node was faster, or somebody reads long:
        -- all are fine.
        when check_violation or duplicate_table or invalid_object_definition or lock_not_available then null;
      end;
    end if;
  end loop;
  return created;
end $$;

-- Debezium in the relay's place knows no positions: Postgres knows how much of its log the slot has confirmed. What lay
-- in a partition when its log position was noted is published once the slot has confirmed that position.
create table outbox.replication_mark (
  partition text    primary key,
  lsn       pg_lsn  not null,
  seqs      numeric not null
);
comment on table outbox.replication_mark is 'Where the log was when these events lay in an old partition. Only without Ducat''s own relay.';
comment on column outbox.replication_mark.seqs is 'Sum of the streams'' highest seqs: another sum is another content, to be noted anew.';
alter table outbox.replication_mark owner to ducat_owner;
revoke insert, update, delete on outbox.replication_mark from ducat_writer;

-- Whether everything in a partition is in Kafka. p_slot null: by the relay's positions, where a parked event is not yet
-- published; else by the replication slot of that name.
create function outbox.is_published(p_partition text, p_slot text) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  beyond boolean;
  total  numeric;
begin
  if p_slot is null then
    execute format($q$
      select exists (select from outbox.stream s
                       cross join lateral (select max(e.seq) as seq from outbox.%1$I e where e.stream = s.stream) m
                       left join outbox.position p on p.stream = s.stream
                      where m.seq > coalesce(p.seq, 0))
          or exists (select from outbox.parked k join outbox.%1$I e on e.stream = k.stream and e.seq = k.seq
                      where k.redriven_at is null) $q$, p_partition) into beyond;
    return not beyond;
  end if;
  execute format($q$
    select coalesce(sum(m.seq), 0) from outbox.stream s
      cross join lateral (select max(e.seq) as seq from outbox.%I e where e.stream = s.stream) m $q$, p_partition)
    into total;
  if exists (select from outbox.replication_mark k join pg_replication_slots r on r.slot_name = p_slot
              where k.partition = p_partition and k.seqs = total and r.confirmed_flush_lsn >= k.lsn) then
    return true;
  end if;
  insert into outbox.replication_mark as known values (p_partition, pg_current_wal_insert_lsn(), total)
    on conflict (partition) do update set lsn = excluded.lsn, seqs = excluded.seqs where known.seqs <> excluded.seqs;
  return false;
end $$;

-- Drops the oldest partition that ends before p_before and whose events are all in Kafka, and says which. Looked at
-- twice: first without locks, then with them, so that nothing is written in between.
create function outbox.drop_published(p_before timestamptz, p_slot text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms' as $$
declare
  candidate text;
begin
  if not pg_try_advisory_xact_lock(hashtext('ducat.outbox.retention')) then
    return null;
  end if;
  for candidate in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'outbox.event'::regclass and c.relname ~ '^event_[0-9]{4}w[0-9]{2}$'
       and (to_date(substr(c.relname, 7), 'IYYY"w"IW') + 7)::timestamp at time zone 'UTC' <= p_before
     order by c.relname
  loop
    if outbox.is_published(candidate, p_slot) then
      begin
        lock table only outbox.event in access exclusive mode;
        execute format('lock table outbox.%I in access exclusive mode', candidate);
        if outbox.is_published(candidate, p_slot) then
          execute format('drop table outbox.%I', candidate);
          delete from outbox.replication_mark where partition = candidate;
          return candidate;
        end if;
      exception
        when lock_not_available then null;
      end;
      return null;
    end if;
  end loop;
  return null;
end $$;

alter function outbox.ensure_partitions(int) owner to ducat_owner;
alter function outbox.is_published(text, text) owner to ducat_owner;
alter function outbox.drop_published(timestamptz, text) owner to ducat_owner;
revoke execute on function outbox.ensure_partitions(int), outbox.is_published(text, text),
  outbox.drop_published(timestamptz, text) from public;
grant execute on function outbox.ensure_partitions(int), outbox.drop_published(timestamptz, text) to ducat_writer;
