-- A subscription that stopped because its customer was suspended; it comes back with the customer, others do not.
alter table subscriptions.subscriptions add column is_held_with_customer boolean not null default false;
