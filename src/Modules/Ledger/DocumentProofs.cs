namespace Balatrix.Modules.Ledger;

/// <summary>What invoices and the ledger must prove of each other. Each statement gives the first account that breaks it.</summary>
static class DocumentProofs
{
    // What all invoices of an account cover is one rectangle of its charges: entries up to a number, use up to an instant.
    const string Invoices = """
        select m.account_id, 'its documents come to ' || coalesce(d.total, 0) || ', the charges that they cover and their postings to ' || coalesce(u.charged, 0) + coalesce(j.charged, 0)
          from (select b.account_id, b.tenant_id, b.billed_entry_no, b.billed_until from invoicing.billing b join ledger.accounts a on a.account_id = b.account_id
                 where a.kind = 2 and ($1::int is null or b.tenant_id = $1)) m
          left join lateral (
            select sum(r.amount_micros) as charged from usage.usage_records r
             where r.account_id = m.account_id and r.entry_no <= m.billed_entry_no and r.occurred_at < m.billed_until) u on true
          left join lateral (
            select sum(case when e.debit_book in (1, 2) then e.amount_micros else -e.amount_micros end) as charged from ledger.journal_entries e
             where e.account_id = m.account_id and ((e.kind in (2, 5, 8, 10) and e.entry_no <= m.billed_entry_no) or e.kind in (6, 9))) j on true
          left join lateral (
            select sum(case when kind = 2 then -total_micros else total_micros end) as total from invoicing.documents
             where account_id = m.account_id and status = 1 and kind in (1, 2, 3)) d on true
         where coalesce(d.total, 0) <> coalesce(u.charged, 0) + coalesce(j.charged, 0)
         order by 1 limit 1
        """;

    const string TaxBooks = """
        select coalesce(d.account_id, j.account_id), 'its documents bear ' || coalesce(d.micros, 0) || ' of ' || coalesce(d.head, j.head) || ', its tax books ' || coalesce(j.micros, 0)
          from (
            select account_id, head, sum(case when kind = 2 then -micros else micros end) as micros
              from invoicing.documents, lateral (values ('cgst', cgst_micros), ('sgst', sgst_micros), ('igst', igst_micros), ('vat', vat_micros)) as h(head, micros)
             where status = 1 and kind in (1, 2, 3) and micros <> 0 and ($1::int is null or tenant_id = $1) group by 1, 2) d
          full join (
            select account_id, case book when 40 then 'cgst' when 41 then 'sgst' when 42 then 'sgst' when 43 then 'igst' else 'vat' end as head, sum(micros) as micros
              from (select account_id, credit_book as book, amount_micros as micros from ledger.journal_entries where credit_book between 40 and 44 and ($1::int is null or tenant_id = $1)
                    union all
                    select account_id, debit_book, -amount_micros from ledger.journal_entries where debit_book between 40 and 44 and ($1::int is null or tenant_id = $1)) e
             group by 1, 2) j on j.account_id = d.account_id and j.head = d.head
         where coalesce(d.micros, 0) <> coalesce(j.micros, 0)
         order by 1 limit 1
        """;

    const string Advances = """
        select coalesce(l.account_id, j.account_id), 'tax of its advances is ' || coalesce(l.micros, 0) || ', the book gst.advance has ' || coalesce(j.micros, 0)
          from (select account_id, sum(tax_micros - adjusted_tax_micros) as micros from invoicing.lots where is_taxed_at_use and ($1::int is null or tenant_id = $1) group by 1) l
          full join (
            select account_id, sum(case when credit_book = 45 then amount_micros else -amount_micros end) as micros
              from ledger.journal_entries where 45 in (debit_book, credit_book) and ($1::int is null or tenant_id = $1) group by 1) j on j.account_id = l.account_id
         where coalesce(l.micros, 0) <> coalesce(j.micros, 0)
         order by 1 limit 1
        """;

    const string Settled = """
        select d.account_id, 'document ' || d.number || ' is settled by ' || d.settled_micros || ', its allocations come to ' || coalesce(a.micros, 0)
          from invoicing.documents d
          left join (
            select id, sum(micros) as micros
              from (select document_id as id, amount_micros as micros from invoicing.allocations where $1::int is null or tenant_id = $1
                    union all
                    select note_id, amount_micros from invoicing.allocations where note_id is not null and ($1::int is null or tenant_id = $1)) x
             group by 1) a on a.id = d.document_id
         where ($1::int is null or d.tenant_id = $1) and d.settled_micros <> coalesce(a.micros, 0)
           and not (a.micros is null and d.settled_micros = d.total_micros and (d.content::jsonb ->> 'paidBeforeMicros')::bigint = d.total_micros)
         order by 1 limit 1
        """;

    const string Receipts = """
        select r.account_id, 'receipt ' || r.receipt_key || ' of ' || r.amount_micros || ' has ' || r.allocated_micros || ' allocated, its allocations come to ' || coalesce(a.micros, 0) ||
               case when e.entry_no is null then ', and no ledger entry' else '' end
          from invoicing.receipts r
          left join (select receipt_id, sum(amount_micros) as micros from invoicing.allocations where receipt_id is not null and ($1::int is null or tenant_id = $1) group by 1) a on a.receipt_id = r.receipt_id
          left join ledger.journal_entries e on e.account_id = r.account_id and e.entry_no = r.entry_no and e.kind in (1, 7) and e.debit_book = r.book and e.amount_micros = r.amount_micros
         where ($1::int is null or r.tenant_id = $1) and (r.allocated_micros <> coalesce(a.micros, 0) or e.entry_no is null)
         order by 1 limit 1
        """;

    const string Numbers = """
        select 0::bigint, 'series ' || s.series || ' of ' || s.fy || ' has given ' || s.last_no || ' numbers, ' || count(d.document_id) || ' documents bear them'
          from invoicing.series s left join invoicing.documents d on d.tenant_id = s.tenant_id and d.series = s.series and d.fy = s.fy
         where $1::int is null or s.tenant_id = $1
         group by s.tenant_id, s.series, s.fy, s.last_no having count(d.document_id) <> s.last_no or count(distinct d.number) <> s.last_no
         order by 2 limit 1
        """;

    const string Contents = """
        select account_id, 'document ' || number || ' is not as it was issued'
          from invoicing.documents where ($1::int is null or tenant_id = $1) and content_hash <> sha256(convert_to(content, 'UTF8'))
         order by 1 limit 1
        """;

    /// <summary>What is proven, and the statement that finds what breaks it.</summary>
    public static IReadOnlyList<(string Name, string Sql)> All { get; } =
    [
        ("invoices equal their charges and postings", Invoices),
        ("tax books equal the documents", TaxBooks),
        ("tax set aside equals the advances", Advances),
        ("what documents are settled by is allocated", Settled),
        ("every receipt is in the ledger and allocated as it says", Receipts),
        ("document numbers are gapless", Numbers),
        ("documents are as they were issued", Contents),
    ];
}
