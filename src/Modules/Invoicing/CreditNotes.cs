using System.Text.Json;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>The invoice that a call is on, or a debit note on it, with what is credited of it.</summary>
/// <param name="DocumentId">The document.</param>
/// <param name="Credited">As it was issued, and what notes took off it.</param>
/// <param name="DebitNotes">Debit notes on it, the latest first.</param>
sealed record InvoicedUse(long DocumentId, CreditedInvoice Credited, IReadOnlyList<InvoicedUse> DebitNotes)
{
    /// <inheritdoc/>
    public bool Equals(InvoicedUse? other) => other?.DocumentId == DocumentId;

    /// <inheritdoc/>
    public override int GetHashCode() => DocumentId.GetHashCode();
}

/// <summary>A note that stands.</summary>
sealed record StandingNote(long DocumentId, long OriginalId, InvoiceDocument Document);

/// <summary>Credit and debit notes on invoices (CGST Act s.34): they keep the invoice's rate and place of supply.</summary>
static class CreditNotes
{
    const string FindOriginals = """
        select u.event_key, d.document_id, d.content
          from unnest($1::bigint[], $2::uuid[]) as w(account_id, event_key)
          join usage.usage_records u on u.account_id = w.account_id and u.event_key = w.event_key
          join invoicing.documents d on d.account_id = u.account_id and d.kind = 1 and d.status = 1
           and u.entry_no between d.before_open_from and d.to_entry_no and u.occurred_at < coalesce(d.period_to, d.before_until)
           and not (u.entry_no < d.from_entry_no and u.occurred_at < d.before_until)
         where u.account_id = any($1) and u.tenant_id = $3
        """;

    /// <summary>The invoices that corrected calls are on, by the calls' keys; calls that are on none are missing.</summary>
    public static async Task<IReadOnlyDictionary<Guid, InvoicedUse>> OriginalsAsync(
        NpgsqlConnection connection, int tenantId, Dictionary<long, UninvoicedCharges> charges, CancellationToken cancellationToken)
    {
        var calls = charges.SelectMany(c => c.Value.Corrections.Select(k => (AccountId: c.Key, k.UsageKey))).Distinct().ToList();
        if (calls.Count == 0)
            return new Dictionary<Guid, InvoicedUse>();
        var found = await Database.QueryAsync(
            connection, FindOriginals, [calls.Select(c => c.AccountId).ToArray(), calls.Select(c => c.UsageKey).ToArray(), tenantId],
            r => (Key: r.GetGuid(0), Id: r.GetInt64(1), Document: JsonSerializer.Deserialize<InvoiceDocument>(r.GetString(2), JsonSerializerOptions.Web)!), cancellationToken);
        var notes = await OfAsync(connection, tenantId, [.. found.Select(f => f.Id).Distinct()], cancellationToken);
        var debits = notes.Where(n => n.Document.Kind == DocumentKind.DebitNote).ToList();
        var all = notes.Concat(await OfAsync(connection, tenantId, [.. debits.Select(d => d.DocumentId)], cancellationToken)).ToLookup(n => n.OriginalId);
        CreditedInvoice Credited(long id, InvoiceDocument document) =>
            CreditedInvoice.Of(document, all[id].Where(n => n.Document.Kind == DocumentKind.CreditNote).Select(n => n.Document.Totals));
        var uses = found.DistinctBy(f => f.Id).ToDictionary(f => f.Id, f => new InvoicedUse(
            f.Id, Credited(f.Id, f.Document),
            [.. debits.Where(d => d.OriginalId == f.Id).OrderByDescending(d => d.DocumentId).Select(d => new InvoicedUse(d.DocumentId, Credited(d.DocumentId, d.Document), []))]));
        return found.ToDictionary(f => f.Key, f => uses[f.Id]);
    }

    /// <summary>The notes that stand on some documents, in the order of their issue.</summary>
    public static async Task<List<StandingNote>> OfAsync(NpgsqlConnection connection, int tenantId, long[] documentIds, CancellationToken cancellationToken) => documentIds.Length == 0 ? [] : await Database.QueryAsync(
        connection, "select document_id, original_id, content from invoicing.documents where original_id = any($1) and tenant_id = $2 and kind in (2, 3) and status = 1 order by document_id", [documentIds, tenantId],
        r => new StandingNote(r.GetInt64(0), r.GetInt64(1), JsonSerializer.Deserialize<InvoiceDocument>(r.GetString(2), JsonSerializerOptions.Web)!), cancellationToken);

    /// <summary>The note itself.</summary>
    public static NewDocument Note(BilledAccount account, long originalId, InvoiceDocument original, DocumentKind kind, InvoiceTotals totals, string reason, DateOnly? dueOn = null) => new()
    {
        Account = account with { Party = original.Recipient },
        Kind = kind,
        Totals = totals,
        Treatment = original.Treatment,
        DueOn = dueOn,
        OriginalId = originalId,
        References = [new(original.Kind, original.Number, original.IssuedOn, 0)],
        Reason = reason.Length > 500 ? reason[..500] : reason,
    };

    /// <summary>The note as one that comes too late to lower tax, and says so.</summary>
    public static NewDocument Financial(NewDocument note, InvoiceTotals totals) => note with
    {
        IsCommercial = true,
        Totals = totals,
        Treatment = FinancialNote.Treatment(note.Treatment),
        References = [.. note.References.Select(r => r with { TaxMicros = 0 })],
        Reason = $"{note.Reason}. The tax of {note.References[0].Number} is not lowered (CGST Act s.34(2)).",
    };

    /// <summary>Adds credit notes to what is credited of their invoices; never beyond an invoice's total.</summary>
    public static Task AddCreditedAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<NewDocument> notes, CancellationToken cancellationToken)
    {
        var sums = notes.GroupBy(n => n.OriginalId!.Value).Select(g => (Id: g.Key, Micros: g.Sum(n => n.Totals.TotalMicros))).ToList();
        return sums.Count == 0 ? Task.CompletedTask : Database.ExecuteAsync(
            connection,
            "update invoicing.documents d set credited_micros = credited_micros + v.micros from unnest($1::bigint[], $2::bigint[]) as v(id, micros) where d.document_id = v.id and d.tenant_id = $3",
            [sums.Select(s => s.Id).ToArray(), sums.Select(s => s.Micros).ToArray(), tenantId], cancellationToken);
    }
}
