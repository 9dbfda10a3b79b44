-- Where a connector settles on the PSP's report, a payment rests in CAPTURED until each of its captures is reported. How
-- much of it is, is counted here, so that the last report is known by the payment's own row.

alter table payment.payment
  add column settlement_reported bigint not null default 0,
  add constraint settlement_reported_within_captured check (settlement_reported between 0 and amount_captured);
comment on column payment.payment.settlement_reported is 'Minor units of captures that the PSP reported as settled; 0 where settlement does not wait for reports.';
