create schema messaging;
grant usage on schema messaging to balatrix_app;

-- The last known delivery state of a message; its charge is in usage.usage_records.
create table messaging.message_states (
    tenant_id  int not null references platform.tenants,
    account_id bigint not null,
    event_key  uuid not null,
    status     text not null check (status in ('submitted', 'delivered', 'failed', 'expired')),
    error      text,
    updated_at timestamptz not null,
    primary key (account_id, event_key)
);
alter table messaging.message_states enable row level security;
create policy tenant_isolation on messaging.message_states using (tenant_id = (select platform.current_tenant()));
grant select, insert, update on messaging.message_states to balatrix_app;
