create or replace view payments.unsettled with (security_invoker = true) as
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

drop index payments.settlements_in_order;
alter table payments.settlements drop constraint by_hand;
alter table payments.settlements drop column note;
alter table payments.settlements drop column posted_as;
