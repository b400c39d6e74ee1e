-- What dunning has barred stands apart from what staff have stopped, so that a payment brings back only what dunning took.
-- Marks stand with the balance: the charging pipeline sees them crossed in the commit that crosses them.
alter table ledger.accounts
    add column bar                  smallint not null default 0 check (bar in (0, 1, 2)),
    add column recharge_mark_micros bigint check (recharge_mark_micros >= 0),
    add column low_mark_micros      bigint check (low_mark_micros >= 0);

update ledger.accounts a
   set low_mark_micros = greatest(p.low_balance_micros, 0),
       recharge_mark_micros = case when a.kind = 1 and p.auto_recharge ->> 'enabled' = 'true' then round((p.auto_recharge ->> 'threshold')::numeric * 1000000)::bigint end
  from customers.account_profiles p
 where p.account_id = a.account_id and (p.low_balance_micros is not null or p.auto_recharge is not null);
alter table customers.account_profiles drop column low_balance_micros;

-- How far each invoice has been pursued. The row is written under the lock of its account.
create table invoicing.dunning (
    tenant_id      int not null references platform.tenants,
    document_id    bigint not null references invoicing.documents,
    account_id     bigint not null,
    through_day    int,
    last_on        date,
    next_on        date,
    fees           int not null default 0 check (fees >= 0),
    -- What this invoice has barred of its account: 1 outgoing use, 2 all. An account has the strongest of its invoices.
    bar            smallint not null default 0 check (bar in (0, 1, 2)),
    is_written_off boolean not null default false,
    primary key (document_id)
) with (fillfactor = 80);
create index dunning_by_account on invoicing.dunning (account_id);

-- Subscriptions that dunning suspended, and so may bring back.
create table invoicing.dunned_subscriptions (
    tenant_id       int not null references platform.tenants,
    account_id      bigint not null,
    subscription_id bigint not null,
    suspended_at    timestamptz not null,
    primary key (subscription_id)
);
create index dunned_subscriptions_by_account on invoicing.dunned_subscriptions (account_id);

alter table invoicing.dunning enable row level security;
create policy tenant_isolation on invoicing.dunning using (tenant_id = (select platform.current_tenant()));
alter table invoicing.dunned_subscriptions enable row level security;
create policy tenant_isolation on invoicing.dunned_subscriptions using (tenant_id = (select platform.current_tenant()));
grant select, insert, update on invoicing.dunning to balatrix_app;
grant select, insert, delete on invoicing.dunned_subscriptions to balatrix_app;
