-- The program's statements run as this role: neither owner nor superuser, so that row-level security holds for it.
do $$
begin
    if not exists (select from pg_roles where rolname = 'balatrix_app') then
        create role balatrix_app nologin;
    end if;
    execute format('grant balatrix_app to %I', current_user);
exception when insufficient_privilege then
    if not pg_has_role(current_user, 'balatrix_app', 'member') then
        raise exception 'The role balatrix_app is missing and % may not create it. As an administrator run: create role balatrix_app nologin; grant balatrix_app to %;', current_user, current_user;
    end if;
end $$;

grant usage on schema platform to balatrix_app;

create function platform.current_tenant() returns int
    language sql stable
    as $$ select nullif(current_setting('balatrix.tenant_id', true), '')::int $$;

create table platform.tenants (
    tenant_id        int not null primary key,
    parent_tenant_id int references platform.tenants,
    slug             text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name             text not null check (length(name) between 1 and 200),
    zone             text not null default 'Asia/Kolkata',
    currency         text not null default 'INR' check (currency ~ '^[A-Z]{3}$'),
    created_at       timestamptz not null default now()
);
alter table platform.tenants enable row level security;
create policy tenant_isolation on platform.tenants using (tenant_id = (select platform.current_tenant()));
grant select on platform.tenants to balatrix_app;
