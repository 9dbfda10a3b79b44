-- Velocity limits: how much was admitted in each window. The lanes of all nodes count in the same rows, so a limit holds
-- across shards, and a row is written in the transaction that creates the payments it counts: a payment that was begun is
-- counted once, whatever is retried, crashes or is fenced.
--
-- A lane reads the rows, decides its batch, and adds what it admitted with a guard: where another lane was faster and the
-- sum would exceed the limit, nothing is committed and the batch is decided anew. One row per limit and window is written
-- per lane transaction, however many payments it admits; without configured limits none is.

create table payment.velocity (
  tenant    text        not null check (octet_length(tenant) between 1 and 64),
  merchant  text        not null check (octet_length(merchant) <= 64),
  unit      text        not null check (octet_length(unit) in (0, 3)),
  span      text        not null check (span in ('MINUTE', 'HOUR', 'DAY')),
  starts_at timestamptz not null,
  used      bigint      not null check (used > 0),
  most      bigint      not null,
  -- Time first: windows that are over are swept by it, and no second index is there for a planner to take by mistake.
  primary key (starts_at, tenant, merchant, unit, span),

  constraint never_more_than_allowed check (used <= most)
) with (fillfactor = 50);
comment on table payment.velocity is 'What was admitted in a window of UTC. Written by dev.ducat.saga only, in the transaction that creates the payments.';
comment on column payment.velocity.merchant is 'Empty: the tenant as a whole.';
comment on column payment.velocity.unit is 'Empty: payments. Else a currency, and its minor units are counted.';
comment on column payment.velocity.most is 'The limit by which the last payment was admitted.';

-- DF004 is no fault of memory or of a message: somebody else was faster, and the batch is decided anew from what is there.
create function payment.expect_within_limits(p_expected bigint, p_found bigint) returns bigint language plpgsql as $$
begin
  if p_expected <> p_found then
    raise exception using errcode = 'DF004',
      message = format('velocity: %s counters asked for, %s had room', p_expected, p_found);
  end if;
  return p_found;
end $$;

-- As everything of the application: see V30.
alter table payment.velocity owner to ducat_owner;
alter function payment.expect_within_limits(bigint, bigint) owner to ducat_owner;
