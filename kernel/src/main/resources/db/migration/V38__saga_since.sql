-- Since when a saga is where it is. A saga that asks the PSP every half minute changes its row each time, and an operator
-- wants to know how long it has been asking.

alter table payment.saga add column since timestamptz;
update payment.saga set since = update_time;
alter table payment.saga alter column since set default clock_timestamp(), alter column since set not null;
comment on column payment.saga.since is 'When its step or its phase changed last.';
