drop table invoicing.dunned_subscriptions, invoicing.dunning;
alter table customers.account_profiles add column low_balance_micros bigint;
update customers.account_profiles p set low_balance_micros = a.low_mark_micros from ledger.accounts a where a.account_id = p.account_id and a.low_mark_micros is not null;
alter table ledger.accounts drop column low_mark_micros, drop column recharge_mark_micros, drop column bar;
