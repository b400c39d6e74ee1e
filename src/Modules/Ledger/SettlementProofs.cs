namespace Balatrix.Modules.Ledger;

/// <summary>What the gateways' books and the ledger must prove of each other. Each statement gives the first account, or tenant, that breaks it.</summary>
static class SettlementProofs
{
    const string Clearing = """
        with books as (
            select e.tenant_id, e.debit_book as book, a.currency, e.amount_micros as micros from ledger.journal_entries e join ledger.accounts a on a.account_id = e.account_id where e.debit_book in (21, 22)
            union all
            select e.tenant_id, e.credit_book, a.currency, -e.amount_micros from ledger.journal_entries e join ledger.accounts a on a.account_id = e.account_id where e.credit_book in (21, 22)
            union all
            select tenant_id, debit_book, currency, amount_micros from ledger.general_entries where debit_book in (21, 22)
            union all
            select tenant_id, credit_book, currency, -amount_micros from ledger.general_entries where credit_book in (21, 22))
        select 0::bigint, 'tenant ' || coalesce(b.tenant_id, u.tenant_id) || ' has ' || coalesce(b.micros, 0) || ' ' || coalesce(b.currency, u.currency) || ' in the clearing of gateway ' ||
               coalesce(b.gateway, u.gateway) || ', what is not settled makes ' || coalesce(u.micros, 0)
          from (select tenant_id, book - 20 as gateway, currency, sum(micros) as micros from books where $1::int is null or tenant_id = $1 group by 1, 2, 3) b
          full join (select tenant_id, gateway::int as gateway, currency, sum(amount_micros) as micros from payments.unsettled where $1::int is null or tenant_id = $1 group by 1, 2, 3) u
            on u.tenant_id = b.tenant_id and u.gateway = b.gateway and u.currency = b.currency
         where coalesce(b.micros, 0) <> coalesce(u.micros, 0)
         order by 2 limit 1
        """;

    // Of a line, its net is what the book of settled money (Razorpay: the bank; Stripe: the balance there) has of it.
    const string Lines = """
        select 0::bigint, 'line ' || coalesce(s.item_id, e.reference) || case when s.item_id is null then ' is posted and not settled'
               else ' of net ' || s.net_micros || ' is posted as ' || coalesce(e.micros, 0) end
          from (select tenant_id, case gateway when 1 then 'razorpay/' else 'stripe/' end || item_id as reference, item_id, net_micros
                  from payments.settlements where posted_at is not null and ($1::int is null or tenant_id = $1)) s
          full join (
            select tenant_id, reference,
                   sum(case when debit_book = book then amount_micros when credit_book = book then -amount_micros else 0 end) as micros
              from (select *, case when reference like 'razorpay/%' then 24 else 25 end as book from ledger.general_entries
                     where ($1::int is null or tenant_id = $1) and (reference like 'razorpay/%' or reference like 'stripe/%')) x
             group by 1, 2) e on e.tenant_id = s.tenant_id and e.reference = s.reference
         where s.item_id is null or s.net_micros <> coalesce(e.micros, 0)
         order by 2 limit 1
        """;

    const string Gapless = """
        select 0::bigint, 'tenant ' || tenant_id || ' has ' || count(*) || ' general entries, the last is ' || max(entry_no)
          from ledger.general_entries where $1::int is null or tenant_id = $1 group by tenant_id having count(*) <> max(entry_no) limit 1
        """;

    /// <summary>What is proven, and the statement that finds what breaks it.</summary>
    public static IReadOnlyList<(string Name, string Sql)> All { get; } =
    [
        ("gateway clearing equals unsettled payments", Clearing),
        ("every settled line is posted exactly once", Lines),
        ("general entries are gapless", Gapless),
    ];
}
