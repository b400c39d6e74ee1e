using System.Text.Json;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>The invoice that a call is on.</summary>
sealed record InvoicedUse(long DocumentId, InvoiceDocument Document)
{
    /// <inheritdoc/>
    public bool Equals(InvoicedUse? other) => other?.DocumentId == DocumentId;

    /// <inheritdoc/>
    public override int GetHashCode() => DocumentId.GetHashCode();
}

/// <summary>A note that is about to be issued.</summary>
/// <param name="Document">What is issued.</param>
/// <param name="ChargedMicros">What the ledger charged (positive) or gave back (negative) for its lines.</param>
sealed record PreparedNote(NewDocument Document, long ChargedMicros);

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
            r => (Key: r.GetGuid(0), Use: new InvoicedUse(r.GetInt64(1), JsonSerializer.Deserialize<InvoiceDocument>(r.GetString(2), JsonSerializerOptions.Web)!)), cancellationToken);
        return found.ToDictionary(f => f.Key, f => f.Use);
    }

    /// <summary>A note for what the ledger has charged or given back already, to be paid until a day if it is a debit note; null when it comes to nothing.</summary>
    public static PreparedNote? Prepare(BillingTenant tenant, BilledAccount account, InvoicedUse original, long chargedMicros, string reason, DateOnly? dueOn)
    {
        var micros = InvoiceArithmetic.ToPaisa(Math.Abs(chargedMicros));
        if (micros == 0)
            return null;
        var of = original.Document.Totals.Lines.FirstOrDefault(l => l.Service == "voice") ?? original.Document.Totals.Lines[0];
        var line = of with { Description = "Calls rated again", Quantity = null, Unit = "", Covered = null, Count = 0, RateMicros = null, DiscountMicros = 0, TaxableMicros = micros };
        var (kind, due) = chargedMicros < 0 ? (DocumentKind.CreditNote, default(DateOnly?)) : (DocumentKind.DebitNote, dueOn);
        return new(Note(account, original, kind, Total(tenant, original.Document.Treatment, [line]), reason, due), chargedMicros);
    }

    /// <summary>Totals of a note's lines at the rates that they bring; of amounts with tax when the tenant's prices have it.</summary>
    public static InvoiceTotals Total(BillingTenant tenant, TaxTreatment treatment, IEnumerable<InvoiceLine> lines) => tenant.IsInclusive
        ? InvoiceArithmetic.Total(treatment, lines.Select(l => l with { TaxableMicros = TaxEngine.OnInclusive(treatment, l.RateBasisPoints, l.TaxableMicros).TaxableMicros }), false)
        : InvoiceArithmetic.Total(treatment, lines, false);

    /// <summary>The note itself.</summary>
    public static NewDocument Note(
        BilledAccount account, InvoicedUse original, DocumentKind kind, InvoiceTotals totals, string reason, DateOnly? dueOn = null) => new()
        {
            Account = account with { Party = original.Document.Recipient },
            Kind = kind,
            Totals = totals,
            Treatment = original.Document.Treatment,
            DueOn = dueOn,
            OriginalId = original.DocumentId,
            References = [new(DocumentKind.Invoice, original.Document.Number, original.Document.IssuedOn, 0)],
            Reason = reason.Length > 500 ? reason[..500] : reason,
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
