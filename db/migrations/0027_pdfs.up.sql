-- Documents as they were printed last, with and without their annex. state names what of a document's standing the pages show
-- (void, owed, registered): a file of another state or layout is made anew.
create table invoicing.pdfs (
    tenant_id      int not null references platform.tenants,
    document_id    bigint not null references invoicing.documents,
    has_annex      boolean not null,
    layout_version int not null,
    state          text not null,
    content_hash   bytea not null,
    bytes          bytea not null,
    rendered_at    timestamptz not null,
    primary key (document_id, has_annex)
);
-- The files are compressed in themselves.
alter table invoicing.pdfs alter column bytes set storage external;
alter table invoicing.pdfs enable row level security;
create policy tenant_isolation on invoicing.pdfs using (tenant_id = (select platform.current_tenant()));
grant select, insert, update on invoicing.pdfs to balatrix_app;
