using Balatrix.Core.Invoices;
using Balatrix.Modules.Invoicing.Dunning;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>Settles documents by receipts and credit notes. The accounts are locked, so nobody else settles theirs.</summary>
static class Allocations
{
    const string ReadOpen = """
        select account_id, document_id, total_micros - settled_micros
          from invoicing.documents
         where account_id = any($1) and tenant_id = $2 and status = 1 and kind in (1, 3) and settled_micros < total_micros
         order by account_id, (document_id = $3) desc, due_on nulls last, document_id
        """;

    const string ReadFree = """
        select account_id, receipt_id, null::bigint, amount_micros - allocated_micros - returned_micros, received_at
          from invoicing.receipts
         where account_id = any($1) and tenant_id = $2 and allocated_micros + returned_micros < amount_micros and document_id is null
        union all
        select account_id, null, document_id, total_micros - settled_micros, issued_at
          from invoicing.documents
         where account_id = any($1) and tenant_id = $2 and kind = 2 and status = 1 and settled_micros < total_micros
         order by 1, 5, 2, 3
        """;

    const string Insert = """
        insert into invoicing.allocations (tenant_id, made_at, account_id, document_id, receipt_id, note_id, amount_micros)
        select $1, $2, * from unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
        """;

    /// <summary>Settles what can be settled on some accounts, the named document first.</summary>
    public static async Task<List<Allocation>> SettleAsync(NpgsqlConnection connection, int tenantId, long[] accountIds, long? firstDocument, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var credits = (await Database.QueryAsync(
            connection, ReadFree, [accountIds, tenantId],
            r => (Account: r.GetInt64(0), Credit: new FreeCredit(r.IsDBNull(1) ? null : r.GetInt64(1), r.IsDBNull(2) ? null : r.GetInt64(2), r.GetInt64(3))), cancellationToken)).ToLookup(c => c.Account, c => c.Credit);
        if (credits.Count == 0)
            return [];
        var open = (await Database.QueryAsync(
            connection, ReadOpen, [credits.Select(c => c.Key).ToArray(), tenantId, firstDocument ?? 0], r => (Account: r.GetInt64(0), Document: new OpenDocument(r.GetInt64(1), r.GetInt64(2))), cancellationToken))
            .ToLookup(d => d.Account, d => d.Document);
        var made = open.SelectMany(o => Settlement.Allocate([.. o], [.. credits[o.Key]]).Select(a => (Account: o.Key, Allocation: a))).ToList();
        if (made.Count == 0)
            return [];
        await Database.ExecuteAsync(
            connection, Insert,
            [
                tenantId, now, made.Select(m => m.Account).ToArray(), made.Select(m => m.Allocation.DocumentId).ToArray(), made.Select(m => m.Allocation.ReceiptId).ToArray(),
                made.Select(m => m.Allocation.NoteId).ToArray(), made.Select(m => m.Allocation.AmountMicros).ToArray(),
            ], cancellationToken);
        await AddUpAsync(connection, tenantId, [.. made.Select(m => m.Account).Distinct()], [.. made.Select(m => m.Allocation)], now, cancellationToken);
        return [.. made.Select(m => m.Allocation)];
    }

    /// <summary>Takes allocations of a receipt back, the latest first, until so much of it is free.</summary>
    public static async Task TakeBackAsync(NpgsqlConnection connection, int tenantId, long accountId, long receiptId, long micros, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var settled = await Database.QueryAsync(
            connection,
            "select document_id, sum(amount_micros)::bigint from invoicing.allocations where receipt_id = $1 and tenant_id = $2 group by 1 having sum(amount_micros) > 0 order by max(allocation_id) desc",
            [receiptId, tenantId], r => (Document: r.GetInt64(0), Micros: r.GetInt64(1)), cancellationToken);
        var taken = new List<Allocation>();
        foreach (var (document, amount) in settled)
        {
            var part = Math.Min(amount, micros - taken.Sum(t => -t.AmountMicros));
            if (part > 0)
                taken.Add(new(document, receiptId, null, -part));
        }
        if (taken.Count == 0)
            return;
        await Database.ExecuteAsync(
            connection, Insert,
            [
                tenantId, now, taken.Select(_ => accountId).ToArray(), taken.Select(t => t.DocumentId).ToArray(), taken.Select(t => t.ReceiptId).ToArray(), taken.Select(t => t.NoteId).ToArray(),
                taken.Select(t => t.AmountMicros).ToArray(),
            ], cancellationToken);
        await AddUpAsync(connection, tenantId, [accountId], taken, now, cancellationToken);
    }

    /// <summary>Brings the sums of documents, receipts and notes up to their allocations, notes what was paid on the documents, and lets service that dunning stopped come back.</summary>
    static async Task AddUpAsync(NpgsqlConnection connection, int tenantId, long[] accountIds, List<Allocation> made, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var documents = made.Select(m => (Id: m.DocumentId, m.AmountMicros)).Concat(made.Where(m => m.NoteId is not null).Select(m => (Id: m.NoteId!.Value, m.AmountMicros)))
            .GroupBy(m => m.Id).Select(g => (Id: g.Key, Micros: g.Sum(m => m.AmountMicros))).ToList();
        await Database.ExecuteAsync(
            connection,
            "update invoicing.documents d set settled_micros = settled_micros + v.micros from unnest($1::bigint[], $2::bigint[]) as v(id, micros) where d.document_id = v.id and d.tenant_id = $3",
            [documents.Select(d => d.Id).ToArray(), documents.Select(d => d.Micros).ToArray(), tenantId], cancellationToken);
        var receipts = made.Where(m => m.ReceiptId is not null).GroupBy(m => m.ReceiptId!.Value).Select(g => (Id: g.Key, Micros: g.Sum(m => m.AmountMicros))).ToList();
        if (receipts.Count > 0)
            await Database.ExecuteAsync(
                connection,
                "update invoicing.receipts r set allocated_micros = allocated_micros + v.micros from unnest($1::bigint[], $2::bigint[]) as v(id, micros) where r.receipt_id = v.id and r.tenant_id = $3",
                [receipts.Select(d => d.Id).ToArray(), receipts.Select(d => d.Micros).ToArray(), tenantId], cancellationToken);
        await RestoreService.EnqueueAsync(connection, tenantId, accountIds, cancellationToken);
        await DocumentSteps.WriteAsync(
            connection, tenantId, [.. made.Select(m => (m.DocumentId, m.AmountMicros < 0 ? "reopened" : m.NoteId is null ? "paid" : "credited", (object?)new { amount = Core.Money.Format(Math.Abs(m.AmountMicros)) }))],
            now, cancellationToken);
    }
}
