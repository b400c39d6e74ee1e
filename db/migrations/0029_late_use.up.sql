-- The hour (since 2000, UTC) in which use of a past month was last recorded for the account: what a node knew of its past months before is not all.
alter table ledger.accounts add column late_hour int not null default 0;
