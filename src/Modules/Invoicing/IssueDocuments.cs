using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Invoicing.EInvoices;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>A document that is about to be issued: all but its number.</summary>
sealed record NewDocument
{
    public required BilledAccount Account { get; init; }

    public required DocumentKind Kind { get; init; }

    public required InvoiceTotals Totals { get; init; }

    public required TaxTreatment Treatment { get; init; }

    public DateOnly? DueOn { get; init; }

    public DateTimeOffset? PeriodFrom { get; init; }

    public DateTimeOffset? PeriodTo { get; init; }

    /// <summary>What of the account's charges it covers, for an invoice of charges.</summary>
    public BillingWindow? Window { get; init; }

    public long PaidBeforeMicros { get; init; }

    public long? OriginalId { get; init; }

    public ImmutableArray<DocumentReference> References { get; init; } = [];

    public string? Reason { get; init; }

    /// <summary>A note between the parties only: it lowers no tax and is in no return, so its numbers are of another series.</summary>
    public bool IsCommercial { get; init; }
}

/// <summary>A document as it was issued.</summary>
sealed record IssuedDocument(long Id, NewDocument New, InvoiceDocument Document);

/// <summary>Gives documents their numbers and writes them, in the caller's transaction; money is posted by whoever issues.</summary>
static class IssueDocuments
{
    const string Insert = """
        insert into invoicing.documents (tenant_id, document_id, account_id, customer_id, kind, status, number, series, fy, issued_on, issued_at, due_on, period_from, period_to,
               currency, taxable_micros, cgst_micros, sgst_micros, igst_micros, vat_micros, round_off_micros, total_micros, settled_micros, supply, scheme, place_of_supply, recipient_gstin,
               original_id, from_entry_no, to_entry_no, before_until, before_open_from, content, content_hash)
        select $1, v.id, v.account, v.customer, v.kind, 1, v.number, v.series, $2, $3, $4, v.due_on, v.period_from, v.period_to,
               v.currency, v.taxable, v.cgst, v.sgst, v.igst, v.vat, v.round_off, v.total, v.settled, v.supply, v.scheme, v.place, v.gstin,
               v.original, v.from_no, v.to_no, v.before_until, v.before_open, v.content, v.hash
          from unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::smallint[], $9::text[], $10::text[], $11::date[], $12::timestamptz[], $13::timestamptz[],
                      $14::text[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::smallint[], $24::smallint[],
                      $25::text[], $26::text[], $27::bigint[], $28::bigint[], $29::bigint[], $30::timestamptz[], $31::bigint[], $32::text[], $33::bytea[])
               as v(id, account, customer, kind, number, series, due_on, period_from, period_to, currency, taxable, cgst, sgst, igst, vat, round_off, total, settled, supply, scheme,
                    place, gstin, original, from_no, to_no, before_until, before_open, content, hash)
        """;

    /// <summary>Issues documents on the tenant's day of <paramref name="now"/>, in the order given.</summary>
    public static async Task<List<IssuedDocument>> IssueAsync(
        NpgsqlConnection connection, int tenantId, BillingTenant tenant, IReadOnlyList<NewDocument> documents, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (documents.Count == 0)
            return [];
        var today = tenant.Day(now);
        var year = FinancialYear.Of(today);
        var fy = year.ToString();
        var ids = await DocumentNumbers.IdsAsync(connection, documents.Count, cancellationToken);
        var next = new Dictionary<string, int>(StringComparer.Ordinal);
        // In one order, so that two issuers never wait for each other's counters in a ring.
        foreach (var series in documents.GroupBy(d => DocumentNumbers.Series(d, tenant.Settings), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
            next[series.Key] = await DocumentNumbers.TakeAsync(connection, tenantId, series.Key, fy, series.Count(), cancellationToken);
        var issued = documents.Select((document, i) =>
        {
            var series = DocumentNumbers.Series(document, tenant.Settings);
            return new IssuedDocument(ids[i], document, Document(tenant, document, DocumentNumber.Of(series, year, next[series]++), today));
        }).ToList();
        await WriteAsync(connection, tenantId, issued, tenant, fy, today, now, cancellationToken);
        return issued;
    }

    /// <summary>The document that is issued, or shown as a draft.</summary>
    public static InvoiceDocument Document(BillingTenant tenant, NewDocument d, string number, DateOnly today) => new()
    {
        Kind = d.Kind,
        Number = number,
        IssuedOn = today,
        DueOn = d.DueOn,
        Currency = d.Account.Currency,
        Supplier = tenant.Supplier,
        Recipient = d.Account.Party,
        Treatment = d.Treatment,
        PeriodFrom = d.PeriodFrom is { } from ? tenant.Day(from) : null,
        PeriodTo = d.PeriodTo is { } to ? tenant.Day(to.AddSeconds(-1)) : null,
        Totals = d.Totals,
        PaidBeforeMicros = d.PaidBeforeMicros,
        References = d.References,
        Reason = d.Reason,
    };

    static async Task WriteAsync(
        NpgsqlConnection connection, int tenantId, List<IssuedDocument> issued, BillingTenant tenant, string fy, DateOnly today, DateTimeOffset now, CancellationToken cancellationToken)
    {
        T[] Column<T>(Func<IssuedDocument, T> value) => [.. issued.Select(value)];
        var contents = Column(d => JsonSerializer.SerializeToUtf8Bytes(d.Document, JsonSerializerOptions.Web));
        await Database.ExecuteAsync(
            connection, Insert,
            [
                tenantId, fy, today, now, Column(d => d.Id), Column(d => d.New.Account.AccountId), Column(d => d.New.Account.CustomerId), Column(d => (short)d.New.Kind), Column(d => d.Document.Number),
                Column(d => DocumentNumbers.Series(d.New, tenant.Settings)), Column(d => d.New.DueOn), Column(d => d.New.PeriodFrom?.UtcDateTime), Column(d => d.New.PeriodTo?.UtcDateTime),
                Column(d => d.New.Account.Currency), Column(d => d.New.Totals.TaxableMicros), Column(d => d.New.Totals.Tax.CgstMicros), Column(d => d.New.Totals.Tax.SgstMicros),
                Column(d => d.New.Totals.Tax.IgstMicros), Column(d => d.New.Totals.Tax.VatMicros), Column(d => d.New.Totals.RoundOffMicros), Column(d => d.New.Totals.TotalMicros),
                Column(d => d.New.PaidBeforeMicros), Column(d => (short)d.New.Treatment.Supply), Column(d => (short)d.New.Treatment.Scheme), Column(d => d.New.Treatment.PlaceOfSupply),
                Column(d => d.New.Account.Party.Gstin), Column(d => d.New.OriginalId), Column(d => d.New.Window?.FromEntryNo), Column(d => d.New.Window?.ToEntryNo),
                Column(d => d.New.Window?.BeforeUntil.UtcDateTime), Column(d => d.New.Window?.OpenFromEntry), contents.Select(System.Text.Encoding.UTF8.GetString).ToArray(),
                contents.Select(SHA256.HashData).ToArray(),
            ], cancellationToken);
        await DocumentSteps.WriteAsync(connection, tenantId, [.. issued.Select(d => (d.Id, "issued", (object?)new { number = d.Document.Number }))], now, cancellationToken);
        await IssueMails.EnqueueAsync(connection, tenantId, issued, cancellationToken);
        await CollectOnDue.EnqueueAsync(connection, tenantId, tenant, issued, cancellationToken);
        await EInvoiceJobs.EnqueueAsync(connection, tenantId, tenant.Settings, issued.Select(d => (d.Id, d.Document)), now, cancellationToken);
    }
}
