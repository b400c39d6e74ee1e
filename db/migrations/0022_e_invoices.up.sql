-- Registration of documents with the portal. A document that need not be registered has no row.
create table invoicing.e_invoices (
    tenant_id      int not null references platform.tenants,
    document_id    bigint not null references invoicing.documents,
    status         text not null check (status in ('pending', 'registered', 'failed', 'cancelled')),
    irn            text not null check (irn ~ '^[0-9a-f]{64}$'),
    attempts       int not null default 0,
    last_error     text check (length(last_error) <= 2000),
    ack_number     text,
    ack_at         timestamptz,
    signed_invoice text,
    signed_qr      text,
    requested_at   timestamptz not null,
    registered_at  timestamptz,
    cancelled_at   timestamptz,
    primary key (document_id),
    check (status <> 'registered' or (ack_number is not null and ack_at is not null and signed_qr is not null and registered_at is not null)),
    check ((status = 'cancelled') = (cancelled_at is not null))
);
create index e_invoices_open on invoicing.e_invoices (tenant_id, document_id) where status in ('pending', 'failed');
alter table invoicing.e_invoices enable row level security;
create policy tenant_isolation on invoicing.e_invoices using (tenant_id = (select platform.current_tenant()));
grant select, insert, update on invoicing.e_invoices to balatrix_app;
