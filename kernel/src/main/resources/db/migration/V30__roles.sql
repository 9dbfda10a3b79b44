-- Who may do what. The application logs in as one user and takes one of these roles with each connection, so that a
-- defect, or a statement that somebody smuggled in, meets the limits of its role: the lanes cannot rewrite what they
-- booked, the readers cannot write at all. The triggers of the append-only tables stay behind that, for the owner.
--
-- Roles belong to the server, not to a database. Several databases of one server may be migrated at once, and the
-- roles may be there already, made by another database or by an administrator, who then grants them to this user.

do $$
declare
  wanted text;
begin
  foreach wanted in array array['ducat_owner', 'ducat_writer', 'ducat_reader', 'ducat_checker'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception
        -- Another database's migration was faster.
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise exception using errcode = 'insufficient_privilege',
            message = format('the role %s is not there, and %s may not create it', wanted, current_user),
            hint = format('As an administrator: create role %I nologin; grant %I to %I;', wanted, wanted, current_user);
      end;
    end if;
    -- True for a superuser. The owner's rights are needed by later migrations without taking its role.
    if not pg_has_role(current_user, wanted, 'SET') or not pg_has_role(current_user, wanted, 'USAGE') then
      execute format('grant %I to %I with inherit true, set true', wanted, current_user);
    end if;
  end loop;
  execute format('grant create on database %I to ducat_owner', current_database());
end $$;

-- What there is so far belongs to a role that nobody can log in as.
alter schema shard owner to ducat_owner;
alter schema outbox owner to ducat_owner;
alter schema payment owner to ducat_owner;
alter schema ledger owner to ducat_owner;
do $$
declare
  thing record;
begin
  for thing in
    select c.oid::regclass as name, case c.relkind when 'v' then 'view' else 'table' end as kind
      from pg_class c
     where c.relnamespace::regnamespace::text in ('shard', 'outbox', 'payment', 'ledger') and c.relkind in ('r', 'p', 'v')
  loop
    execute format('alter %s %s owner to ducat_owner', thing.kind, thing.name);
  end loop;
  for thing in
    select p.oid::regprocedure as name from pg_proc p
     where p.pronamespace::regnamespace::text in ('shard', 'outbox', 'payment', 'ledger')
  loop
    execute format('alter function %s owner to ducat_owner', thing.name);
  end loop;
end $$;

grant usage on schema shard, outbox, payment, ledger to ducat_writer, ducat_reader, ducat_checker;
grant select on all tables in schema shard, outbox, payment, ledger to ducat_writer, ducat_reader, ducat_checker;

grant insert, update, delete on all tables in schema shard to ducat_writer;
grant insert, update on outbox.stream, outbox.position to ducat_writer;
grant insert on outbox.event to ducat_writer;
grant insert, update on payment.payment, payment.saga, payment.refund to ducat_writer;
grant insert on payment.attempt to ducat_writer;
grant insert, update on ledger.account, ledger.lane_time to ducat_writer;
grant insert on ledger.transfer, ledger.refusal to ducat_writer;

-- Verification counts: a version that was raised by hand is a transfer that is missing.
comment on column ledger.account.version is
  'Plus 1 with every transfer and with nothing else. A lane reads a row again when it begins, or when the version is not what it believed.';

-- Tables of later migrations. One that is append-only takes update and delete back; a test looks at those of the ledger.
alter default privileges grant usage on schemas to ducat_writer, ducat_reader, ducat_checker;
alter default privileges grant select on tables to ducat_writer, ducat_reader, ducat_checker;
alter default privileges grant insert, update, delete on tables to ducat_writer;
alter default privileges grant usage on sequences to ducat_writer;
