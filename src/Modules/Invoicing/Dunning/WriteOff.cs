using Balatrix.Core.Charging;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>
/// Gives up what is unpaid of an invoice: the receivable is closed against the write-off book, and the invoice counts as settled by that. The
/// tax stays as it was: Indian GST knows no relief for bad debts.
/// </summary>
static class WriteOff
{
    /// <summary>Does it, in a transaction that holds the account.</summary>
    public static async Task TakeAsync(NpgsqlConnection connection, int tenantId, PursuedInvoice invoice, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var unpaid = invoice.Facts.UnpaidMicros;
        // A debt that was recovered and is open again, because its payment went back, may be given up once more.
        var before = (await Database.QueryAsync(
            connection, "select count(*) from invoicing.allocations where document_id = $1 and tenant_id = $2 and entry_no is not null and amount_micros > 0", [invoice.DocumentId, tenantId], r => r.GetInt64(0),
            cancellationToken))[0];
        var post = new Post(EventKey.Of("writeoff", before == 0 ? $"{invoice.DocumentId}" : $"{invoice.DocumentId}/{before}"), EntryKind.Writeoff, Book.Writeoff, unpaid, invoice.Currency, $"Written off: {invoice.Number}", null);
        var decision = (await LedgerPosting.PostAllAsync(connection, tenantId, [(invoice.AccountId, post)], now, cancellationToken))[0];
        await Database.ExecuteAsync(
            connection, "insert into invoicing.allocations (tenant_id, account_id, document_id, entry_no, amount_micros, made_at) values ($1, $2, $3, $4, $5, $6)",
            [tenantId, invoice.AccountId, invoice.DocumentId, decision.Posting!.Value.EntryNo, unpaid, now], cancellationToken);
        await Database.ExecuteAsync(
            connection, "update invoicing.documents set settled_micros = settled_micros + $2 where document_id = $1 and tenant_id = $3", [invoice.DocumentId, unpaid, tenantId], cancellationToken);
    }
}
