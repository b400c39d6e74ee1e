-- What a tenant decides about itself: GST identity, invoice series, branding, tax mode.
create table platform.tenant_settings (
    tenant_id  int not null references platform.tenants,
    settings   jsonb not null,
    version    int not null default 1,
    updated_at timestamptz not null,
    primary key (tenant_id)
);
alter table platform.tenant_settings enable row level security;
create policy tenant_isolation on platform.tenant_settings using (tenant_id = (select platform.current_tenant()));
grant select, insert, update on platform.tenant_settings to balatrix_app;
