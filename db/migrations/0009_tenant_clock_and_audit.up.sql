-- The instant that a tenant's test clock stands at; null for tenants that live in real time.
alter table platform.tenants add column test_now timestamptz;

-- The application changes a tenant's settings and clock, its own tenant's only.
grant update (name, zone, test_now) on platform.tenants to balatrix_app;

create schema audit;
grant usage on schema audit to balatrix_app;

-- The end of each tenant's chain; its row is locked while a record is added, so that a chain never forks.
create table audit.heads (
    tenant_id   int not null primary key references platform.tenants,
    sequence_no bigint not null,
    hash        bytea not null
);

create table audit.records (
    tenant_id   int not null references platform.tenants,
    sequence_no bigint not null,
    occurred_at timestamptz not null,
    actor       text not null,
    address     text,
    request_id  text,
    action      text not null,
    entity      text not null,
    entity_id   text not null,
    before      text,
    after       text,
    hash        bytea not null,
    primary key (tenant_id, sequence_no)
);
create index records_by_entity on audit.records (tenant_id, entity, entity_id, sequence_no);
create index records_by_time on audit.records (tenant_id, occurred_at);

create function audit.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'The audit log is append-only: % on %.% is not allowed.', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete on audit.records for each row execute function audit.refuse_change();
create trigger no_truncate before truncate on audit.records for each statement execute function audit.refuse_change();

do $$
declare t text;
begin
    foreach t in array array['heads', 'records'] loop
        execute format('alter table audit.%I enable row level security', t);
        execute format('create policy tenant_isolation on audit.%I using (tenant_id = (select platform.current_tenant()))', t);
    end loop;
end $$;
grant select, insert, update on audit.heads to balatrix_app;
grant select, insert on audit.records to balatrix_app;
