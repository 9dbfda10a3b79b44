-- The end of idempotency keys: once its time is over and its payment complete, a key is set to null; the row stays.
--
-- Found without an index of their own, which every payment would pay for: the ids of sagas begin with their time, so a
-- hand walks the primary key behind the present, at the distance of a key's life. It stops at the first key that still
-- lives. A key whose time is over and whose payment is not complete goes onto a short list, and is looked at again.

create table payment.key_sweep (
  one    boolean     primary key default true check (one),
  passed uuid        not null,
  due_at timestamptz not null
) with (fillfactor = 50);
comment on table payment.key_sweep is 'One row: where the hand stands. Who holds its lock sweeps, on whatever node.';
comment on column payment.key_sweep.passed is 'The keys of all sagas up to this id are freed, or in kept_key.';
comment on column payment.key_sweep.due_at is 'Before it nobody sweeps: the pace is one for all nodes together.';
insert into payment.key_sweep (passed, due_at) values ('00000000-0000-0000-0000-000000000000', clock_timestamp());

create table payment.kept_key (
  saga_id uuid        primary key,
  look_at timestamptz not null
);
comment on table payment.kept_key is 'Keys that are older than their life and kept, because their payments are not complete.';
create index kept_key_by_time on payment.kept_key (look_at);

-- One batch: at most p_batch rows are looked at. After a full one the next is due when four times its own length have
-- passed, so that a long arrears takes a fifth of one connection and no more; else after p_idle.
--
-- A row is written beside the lane that owns it, which never looks at the key of a finished saga again; rows that a lane
-- holds at the moment are skipped and stay on the list. p_life only says how far behind the present the hand walks:
-- whether a key's time is over says its row, by this clock here.
create function payment.sweep_keys(p_batch int, p_life interval, p_idle interval, p_again interval)
returns table (looked int, freed int, kept int, due_in_ms bigint) language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  began timestamptz := clock_timestamp();
  -- An id that no saga of that moment or later is below.
  until uuid := (lpad(to_hex(floor(extract(epoch from began - p_life) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
  hand  payment.key_sweep;
  again uuid[];
  fresh uuid[];
  ended uuid[];
  pause interval;
begin
  looked := 0;
  freed := 0;
  kept := 0;
  select * into hand from payment.key_sweep for update skip locked;
  if not found or hand.due_at > began then
    due_in_ms := ceil(extract(epoch from coalesce(hand.due_at - began, p_idle)) * 1000);
    return next;
    return;
  end if;

  select coalesce(array_agg(k.saga_id), '{}') into again
    from (select e.saga_id from payment.kept_key e where e.look_at <= began order by e.look_at limit p_batch / 2) as k;

  select coalesce(array_agg(w.saga_id order by w.saga_id) filter (where not w.stop), '{}') into fresh
    from (select n.saga_id, bool_or(n.lives) over (order by n.saga_id) as stop
            from (select s.saga_id, s.idempotency_key is not null and s.key_expires_at > began as lives
                    from payment.saga s
                   where s.saga_id > hand.passed and s.saga_id < until
                   order by s.saga_id limit p_batch - cardinality(again)) as n) as w;

  with ready as (
    select s.saga_id from payment.saga s join payment.payment p on p.payment_id = s.payment_id
     where s.saga_id = any(again || fresh) and s.idempotency_key is not null and s.finished
       and p.state in ('SETTLED', 'CANCELED', 'EXPIRED', 'FAILED')
       and not exists (select from payment.saga o where o.saga_id = s.payment_id and not o.finished)
       and not exists (select from payment.saga o
                        where o.payment_id = s.payment_id and o.kind <> 'PAYMENT' and not o.finished)
       for update of s skip locked),
  done as (
    update payment.saga s set idempotency_key = null from ready where s.saga_id = ready.saga_id returning s.saga_id)
  select coalesce(array_agg(d.saga_id), '{}') into ended from done as d;

  delete from payment.kept_key e where e.saga_id = any(again);
  insert into payment.kept_key (saga_id, look_at)
  select s.saga_id, began + p_again from payment.saga s
   where s.saga_id = any(again || fresh) and s.idempotency_key is not null;
  get diagnostics kept = row_count;

  looked := cardinality(again) + cardinality(fresh);
  freed := cardinality(ended);
  pause := case
    when looked >= p_batch or cardinality(again) >= p_batch / 2
      then greatest((clock_timestamp() - began) * 4, interval '20 milliseconds')
    else p_idle end;
  update payment.key_sweep
     set passed = coalesce(fresh[cardinality(fresh)], key_sweep.passed), due_at = clock_timestamp() + pause;
  due_in_ms := ceil(extract(epoch from pause) * 1000);
  return next;
end $$;

-- As everything of the application: see V30.
alter table payment.key_sweep owner to ducat_owner;
alter table payment.kept_key owner to ducat_owner;
alter function payment.sweep_keys(int, interval, interval, interval) owner to ducat_owner;
