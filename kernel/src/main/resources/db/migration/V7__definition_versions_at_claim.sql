-- A unit goes only to a node that knows every saga definition version its unfinished rows were started under
-- (a rolling upgrade, and even more its way back, has nodes of two versions). Which units those are is known to
-- the module that owns the rows; it names them, and the claim chooses among the units it is given.

drop function shard.claim(text, uuid, int, interval);

-- Take-over: lease row, then stream row, both to one epoch above either. The stream row's lock waits for a
-- transaction that the old owner left open; after this commits, none of its transactions can. Without p_among
-- every unit will do.
create function shard.claim(p_kind text, p_owner uuid, p_limit int, p_ttl interval, p_among int[] default null)
returns table (unit int, epoch bigint) language plpgsql as $$
declare
  candidate    record;
  stream_epoch bigint;
begin
  for candidate in
    select l.unit, l.epoch from shard.lease l
     where l.kind = p_kind and l.expires_at < clock_timestamp() and (p_among is null or l.unit = any(p_among))
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

-- With the version in it, whether a shard has rows of unknown versions is a look at the ends of a range, however
-- many sagas are under way. definition_version never changes, so steps stay HOT.
drop index payment.saga_unfinished;
create index saga_unfinished on payment.saga (shard, definition_version) where not finished;
