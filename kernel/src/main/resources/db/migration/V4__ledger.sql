-- The books: double entry, one row per transfer, never changed.
--
-- A transfer names its debit and its credit account, so every row is balanced by itself. All rows of one tenant
-- are written by one ledger lane, which stamps its transfers with strictly increasing times: within a tenant,
-- booked_at is both a time and an order without ties.
--
-- There is no table of holds. A hold is a transfer of kind 2, and its resolution is another transfer that names
-- it; a unique index lets a hold have one resolution. That costs one index entry per hold, where a table would
-- cost a second row, its key and an update, and it cannot disagree with the transfers because it is them.
-- The view ledger.hold shows what a table would.

create schema ledger;
comment on schema ledger is 'Accounts and transfers. Written by dev.ducat.ledger only.';

create table ledger.account (
  account_id      uuid        not null,
  tenant          text        not null check (octet_length(tenant) between 1 and 64),
  -- "C": byte order, so that prefixes and pages are ranges of the index.
  name            text        collate "C" not null check (octet_length(name) between 1 and 255),
  currency        text        collate "C" not null check (octet_length(currency) = 3),
  normal_side     smallint    not null check (normal_side in (1, 2)),
  balance_limit   smallint    not null check (balance_limit in (1, 2, 3)),
  closed          boolean     not null default false,
  debits_posted   bigint      not null check (debits_posted >= 0),
  credits_posted  bigint      not null check (credits_posted >= 0),
  debits_pending  bigint      not null check (debits_pending >= 0),
  credits_pending bigint      not null check (credits_pending >= 0),
  version         bigint      not null check (version >= 1),
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  primary key (tenant, name, currency),
  -- The lane keeps the limits when it decides; this is the second guard.
  constraint account_keeps_its_limit check (
    case balance_limit
      when 2 then debits_posted + debits_pending <= credits_posted
      when 3 then credits_posted + credits_pending <= debits_posted
      else true
    end)
) with (fillfactor = 50);
comment on table ledger.account is 'One row per tenant, name and currency. The counters are what the transfers add up to.';
comment on column ledger.account.normal_side is '1 debit, 2 credit: ducat.ledger.v1.NormalSide.';
comment on column ledger.account.balance_limit is '1 none, 2 debits must not exceed credits, 3 the mirror: ducat.ledger.v1.BalanceLimit.';
comment on column ledger.account.version is 'Plus 1 with every transfer. Whoever changes a row by hand raises it too, so that the lane notices and reads again.';
comment on column ledger.account.updated_at is 'booked_at of the last transfer; created_at before the first.';
create unique index account_by_id on ledger.account (account_id);

-- Transfer ids that sagas derive begin with the time of their saga, so new ones meet in the same few pages of the
-- index. They are unique within a tenant, so that no tenant can learn or take another's.
create table ledger.transfer (
  tenant                 text        not null,
  transfer_id            uuid        not null,
  lane                   smallint    not null,
  kind                   smallint    not null check (kind between 1 and 5),
  debit_account          uuid        not null,
  credit_account         uuid        not null,
  amount                 bigint      not null check (amount > 0),
  currency               text        collate "C" not null,
  hold_id                uuid,
  linked                 boolean     not null,
  keep_remainder         boolean     not null,
  remainder_hold_id      uuid,
  reference              text        not null check (length(reference) <= 255),
  description            text        not null check (length(description) <= 1000),
  hold_expires_at        timestamptz,
  booked_at              timestamptz not null,
  debit_debits_posted    bigint      not null check (debit_debits_posted >= 0),
  debit_credits_posted   bigint      not null check (debit_credits_posted >= 0),
  debit_debits_pending   bigint      not null check (debit_debits_pending >= 0),
  debit_credits_pending  bigint      not null check (debit_credits_pending >= 0),
  debit_version          bigint      not null,
  credit_debits_posted   bigint      not null check (credit_debits_posted >= 0),
  credit_credits_posted  bigint      not null check (credit_credits_posted >= 0),
  credit_debits_pending  bigint      not null check (credit_debits_pending >= 0),
  credit_credits_pending bigint      not null check (credit_credits_pending >= 0),
  credit_version         bigint      not null,
  chain                  bytea       not null check (octet_length(chain) = 32),
  primary key (transfer_id, tenant),
  constraint two_accounts check (debit_account <> credit_account),
  constraint resolutions_name_their_hold check ((kind in (3, 4, 5)) = (hold_id is not null)),
  constraint only_holds_expire check (hold_expires_at is null or kind = 2),
  constraint only_posts_keep_a_remainder check ((keep_remainder and kind = 3) or (not keep_remainder and remainder_hold_id is null))
);
comment on table ledger.transfer is 'Append-only. The counters are those of both accounts just after the transfer.';
comment on column ledger.transfer.kind is '1 post, 2 hold, 3 post hold, 4 void hold, 5 expire hold: ducat.ledger.v1.TransferKind.';
comment on column ledger.transfer.amount is 'What was moved or held; of a post of a hold the part that was posted, of a void or an expiry what was still held.';
comment on column ledger.transfer.booked_at is 'Strictly increasing within a lane.';
comment on column ledger.transfer.chain is 'Keyed hash over this transfer and the chain of the lane''s transfer before it.';

-- A lane plans its statements once, on tables that may be empty then, where every index looks as good as another. So
-- no index but the right one may fit them: ids come first in these two, and those for lists, which begin with the
-- tenant, have a collation that only the queries of lists ask for.
create unique index transfer_resolves_hold on ledger.transfer (hold_id, tenant) where hold_id is not null;
create index transfer_by_time on ledger.transfer (tenant collate "C", booked_at);
create index transfer_by_debit on ledger.transfer (debit_account, booked_at);
create index transfer_by_credit on ledger.transfer (credit_account, booked_at);
create index transfer_by_reference on ledger.transfer (tenant collate "C", reference, booked_at) where reference <> '';
-- A hold that was born expired lapses when it is booked.
create index transfer_by_expiry on ledger.transfer (lane, greatest(hold_expires_at, booked_at))
  where hold_expires_at is not null;

create trigger transfer_is_append_only before update or delete on ledger.transfer
  for each row execute function outbox.refuse_change();
create trigger transfer_is_never_truncated before truncate on ledger.transfer
  for each statement execute function outbox.refuse_change();

-- What was refused for good. A transfer id that failed because of the state of the world (no funds, no such
-- account) fails ever after, so whoever was told "no" can rely on it. And the id of a hold that was voided before
-- it came stands here, so that it is refused when it comes.
create table ledger.refusal (
  tenant      text        not null,
  transfer_id uuid        not null,
  lane        smallint    not null,
  result      smallint    not null check (result >= 20),
  request     bytea,
  refused_at  timestamptz not null,
  primary key (transfer_id, tenant),
  constraint request_unless_voided check ((request is null) = (result = 22))
);
comment on table ledger.refusal is 'Append-only. Transfer ids that can never be booked.';
comment on column ledger.refusal.result is 'ducat.ledger.v1.TransferResult; 22 = the hold was voided before it came.';
comment on column ledger.refusal.request is 'The ducat.ledger.v1.NewTransfer that failed; the same content gets the same result again.';

create trigger refusal_is_append_only before update or delete on ledger.refusal
  for each row execute function outbox.refuse_change();
create trigger refusal_is_never_truncated before truncate on ledger.refusal
  for each statement execute function outbox.refuse_change();

create trigger account_is_never_deleted before delete on ledger.account
  for each row execute function outbox.refuse_change();
create trigger account_is_never_truncated before truncate on ledger.account
  for each statement execute function outbox.refuse_change();

create table ledger.lane_time (
  lane         smallint    primary key,
  sealed_until timestamptz not null,
  swept_until  timestamptz not null
);
comment on table ledger.lane_time is 'What a lane has promised about time, for its next owner.';
comment on column ledger.lane_time.sealed_until is 'No transfer is booked at this time or earlier any more: balances as of then are final.';
comment on column ledger.lane_time.swept_until is 'Every hold that lapsed at this time or earlier is resolved.';

create view ledger.hold as
select h.tenant, h.transfer_id as hold_id, h.debit_account, h.credit_account, h.amount, h.currency, h.booked_at,
       h.hold_expires_at, r.transfer_id as resolved_by, r.kind as resolution
  from ledger.transfer h
  left join ledger.transfer r on r.tenant = h.tenant and r.hold_id = h.transfer_id
 where h.kind = 2;
comment on view ledger.hold is 'Holds and their resolutions; open where resolution is null.';
