-- Entries of the double-entry ledger that belong to no account: what gateways settle, keep as fees, and pay out.
create table ledger.general_entries (
    tenant_id     int not null references platform.tenants,
    entry_no      bigint not null check (entry_no > 0),
    event_key     uuid not null,
    debit_book    smallint not null,
    credit_book   smallint not null check (credit_book <> debit_book),
    amount_micros bigint not null check (amount_micros > 0),
    currency      text not null check (currency ~ '^[A-Z]{3}$'),
    recorded_at   timestamptz not null,
    reference     text not null,
    primary key (tenant_id, entry_no),
    unique (tenant_id, event_key)
);
create index general_entries_by_reference on ledger.general_entries (tenant_id, reference);
create trigger append_only before update or delete on ledger.general_entries
    for each row execute function ledger.refuse_change();
create trigger no_truncate before truncate on ledger.general_entries
    for each statement execute function ledger.refuse_change();
alter table ledger.general_entries enable row level security;
create policy tenant_isolation on ledger.general_entries using (tenant_id = (select platform.current_tenant()));
grant select, insert on ledger.general_entries to balatrix_app;

-- When a line of a gateway's books was posted; what does not agree never is.
alter table payments.settlements add column posted_at timestamptz;
create index settlements_not_posted on payments.settlements (tenant_id, gateway) where posted_at is null;
create index settlements_of_refund on payments.settlements (tenant_id, gateway, gateway_refund_id) where gateway_refund_id is not null;

-- What a gateway still has of ours, or has paid out for us, one row for each payment, refund and disputed payment: together, the gateway's clearing book.
create view payments.unsettled with (security_invoker = true) as
    select c.tenant_id, c.gateway, c.currency, c.account_id, c.payment_id, 'payment' as kind, c.gateway_payment_id as gateway_id, c.captured_at as since, c.amount_micros
      from payments.captures c
     where not exists (
        select from payments.settlements s
         where s.tenant_id = c.tenant_id and s.gateway = c.gateway and s.gateway_payment_id = c.gateway_payment_id and s.kind = 'payment' and s.posted_at is not null)
    union all
    select r.tenant_id, r.gateway, r.currency, r.account_id, r.payment_id, 'refund', coalesce(r.gateway_refund_id, 'RF-' || r.refund_id), r.returned_at, -r.amount_micros
      from payments.refunds r
     where r.returned_at is not null and not exists (
        select from payments.settlements s
         where s.tenant_id = r.tenant_id and s.gateway = r.gateway and s.gateway_refund_id = r.gateway_refund_id and s.kind = 'refund' and s.gross_micros < 0 and s.posted_at is not null)
    union all
    select r.tenant_id, r.gateway, r.currency, r.account_id, r.payment_id, 'refund_failed', coalesce(r.gateway_refund_id, 'RF-' || r.refund_id), r.restored_at, r.amount_micros
      from payments.refunds r
     where r.restored_at is not null and not exists (
        select from payments.settlements s
         where s.tenant_id = r.tenant_id and s.gateway = r.gateway and s.gateway_refund_id = r.gateway_refund_id and s.kind = 'refund' and s.gross_micros > 0 and s.posted_at is not null)
    union all
    -- While a dispute is open the gateway withholds what may still be ours; when it is lost both are the same.
    select d.tenant_id, d.gateway, d.currency, d.account_id, d.payment_id, 'dispute', d.gateway_payment_id, d.since, d.lost_micros - s.settled_micros
      from (select tenant_id, gateway, currency, account_id, payment_id, gateway_payment_id, min(created_at) as since,
                   coalesce(sum(-amount_micros) filter (where charged_back_at is not null), 0)::bigint as lost_micros
              from payments.disputes group by 1, 2, 3, 4, 5, 6) d,
           lateral (select coalesce(sum(l.gross_micros), 0)::bigint as settled_micros from payments.settlements l
                     where l.tenant_id = d.tenant_id and l.gateway = d.gateway and l.gateway_payment_id = d.gateway_payment_id and l.kind = 'dispute' and l.posted_at is not null) s
     where d.lost_micros <> s.settled_micros;
grant select on payments.unsettled to balatrix_app;
